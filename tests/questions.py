"""Every question that is asked of the database while people read, write and moderate, as about a full wall."""

from datetime import datetime, timedelta
from typing import Any

from feedback_app.clock import now
from feedback_app.models import Act, ActEntry, Attempt, Block, Feedback, Login, Membership, Post, Refolding, Setup, Wall
from feedback_app.models.desk import Desk

from .filling import BEGAN

MONTH = timedelta(days=30)


def questions(entries: int) -> dict[str, Any]:
    """Statements by name, for the wall 1 with so many entries."""
    middle, at = entries // 2, now()
    return {**_reading(entries, middle), **_writing(at), **_moderating(entries, middle), **_purging(at)}


def _reading(entries: int, middle: int) -> dict[str, Any]:
    return {
        "wall by its address": Wall.named("main"),
        "states of walls": Wall.states(["main", "other"]),
        "versions of walls": Wall.versions([1, 2]),
        "first page": Feedback.published_on(1),
        "pinned": Feedback.pinned_on(1),
        "slice in the middle": Feedback.published_on(1, before=middle),
        "slice at the end": Feedback.published_on(1, before=40),
        "one entry": Feedback.numbered(1, middle),
        "some entries": Feedback.among(1, [middle, middle + 1]),
        "changes": Feedback.changed_on(1, after=entries - 10, limit=501),
    }


def _writing(at: datetime) -> dict[str, Any]:
    keys = {1: {"a" * 64, "b" * 64}, 2: {"c" * 64}}
    authors = {1: {"author 1", "author 2"}, 2: {"author 3"}}
    windows = [(at - timedelta(minutes=1), at), (at - timedelta(hours=1), at)]
    return {
        "walls, locked": Wall.all_locked([1, 2]),
        "walls, locked, and the first": Wall.all_locked([2], and_first=True),
        "wall of an entry, locked": Wall.locked_with(7),
        "what is kept under keys": Post.kept_under(keys),
        "numbers under keys": Post.numbers_under(keys),
        "how often authors posted": Post.times_by(["author 1", "author 2"], ["network 1", "network 2"], windows),
        "authors who are known": Feedback.known_among(authors),
        "when authors posted last": Feedback.latest_among(authors, since=at - timedelta(hours=1), until=at),
        "blocked among authors": Block.among([1, 2], ["author 1"], ["network 1"]),
    }


def _moderating(entries: int, middle: int) -> dict[str, Any]:
    one = Feedback(id=middle, wall_id=1, author="author 1", created_at=BEGAN)
    hidden, blocked = Act(id=5, wall_id=1, verb="hide"), Act(id=5, wall_id=1, verb="block-author")
    seen = ["held", "public", "hidden"]
    return {
        "desk": Desk.listed(1, ["held"]),
        "desk, all": Desk.listed(1, seen),
        "desk, all, older": Desk.listed(1, seen, before=middle),
        "desk, search in all": Desk.searched(1, seen, "undoing", floor=middle),
        "desk, older": Desk.listed(1, ["held"], before=middle),
        "desk, of an author": Desk.of_author(one),
        "desk, of an author, older": Desk.of_author(one, before=one),
        "desk, where a search ends": Desk.floor(1, "held"),
        "desk, counts": Desk.counts([1, 2]),
        "desk, changes": Desk.changed_on(1, after=entries - 10, limit=501),
        "desk, search": Desk.searched(1, seen[:1], "undoing", floor=middle),
        "blocked among entries": Block.of(1, {"author 1"}),
        "places of entries": Feedback.places([middle, middle + 1]),
        "entries by their numbers": Feedback.with_numbers([middle, middle + 1]),
        "latest acts on entries": Act.latest_on([middle, middle + 1]),
        "acts since": hidden.since(),
        "blocks since": blocked.since(),
        "undone by": Act.undoing(5),
        "log": Act.log_of(1, size=30),
        "log of a moderator": Act.log_of(1, by="Kim", before=900, size=30),
        "log of a verb": Act.log_of(1, verb="hide", before=900, size=30),
        "entries of an act": ActEntry.of(5),
        "entries of acts": ActEntry.numbers_of([5, 6]),
        "first entries of acts": ActEntry.shown_of([5, 6]),
        "log, to export": Act.after_on(1, 5, 500),
        "entries of acts, to export": ActEntry.kept_of([5, 6]),
        "who is logged in": Login.open_with("token", now()),
        "rights of listeners": Login.rights(["a" * 64], now()),
        "walls of a moderator": Membership.among(1, [1, 2]),
        "tries to log in": Attempt.times_of(["a" * 64], since=now() - timedelta(hours=1), until=now()),
    }


def _purging(at: datetime) -> dict[str, Any]:
    return {
        "purge: to blank": Feedback.to_blank(BEGAN, 200),
        "purge: to blank, again": Feedback.to_blank(at, 200, among={3, 103}),
        "purge: blanking": Feedback.blanking({3, 103}),
        "purge: to forget": Feedback.forgettable(at - MONTH, 200),
        "purge: blocks": Block.stale(at),
        "purge: logins": Login.stale(at),
        "purge: tries to log in": Attempt.stale(at),
        "purge: setups": Setup.stale(at),
        "purge: to fold": Refolding.unfolded(200),
        "purge: blanking what is folded": Refolding.blanking_folded(),
    }
