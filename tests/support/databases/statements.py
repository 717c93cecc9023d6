"""Every question that is asked of the database while people read, write and moderate, as about a full wall."""

from datetime import datetime, timedelta
from typing import Any

from feedback_app.clock import now
from feedback_app.database.writer import BATCH
from feedback_app.models import (
    Act,
    ActEntry,
    Author,
    Block,
    Feedback,
    Invitation,
    LoginAttempt,
    LoginSession,
    Membership,
    SearchBackfill,
    Submission,
    Wall,
)
from feedback_app.models.moderation_queue import ModerationQueue

from .bulk_data import BEGAN

MONTH = timedelta(days=30)


# The index of the table `feedback`, or of acts, by which each question about it is to be answered.
INDEXES = {
    "first page": "ix_feedback_wall_id_state_id",
    "pinned": "ix_feedback_wall_id_pinned_at",
    "slice in the middle": "ix_feedback_wall_id_state_id",
    "slice at the end": "ix_feedback_wall_id_state_id",
    "changes": "uq_feedback_wall_id_version",
    "numbers under keys": "uq_feedback_wall_id_key",
    "what is known of posts": "uq_feedback_wall_id_key",
    "how often authors posted": "ix_feedback_author_created_at",
    "how often newcomers posted": "ix_feedback_network_is_newcomer_created_at",
    "authors who are known": "ix_feedback_author_created_at",
    "when authors posted last": "ix_feedback_author_created_at",
    "desk": "ix_feedback_wall_id_state_id",
    "desk, all": "ix_feedback_wall_id_state_id",
    "desk, all, older": "ix_feedback_wall_id_state_id",
    "desk, older": "ix_feedback_wall_id_state_id",
    "desk, of an author": "ix_feedback_author_created_at",
    "desk, of an author, older": "ix_feedback_author_created_at",
    "desk, where a search ends": "ix_feedback_wall_id_state_id",
    "desk, search": "ix_feedback_wall_id_state_id",
    "desk, search in all": "ix_feedback_wall_id_state_id",
    "desk, counts": "ix_feedback_wall_id_state_id",
    "desk, changes": "ix_feedback_wall_id_desk_version",
    "log": "ix_acts_wall_id_id",
    "log of a moderator": "ix_acts_wall_id_moderator_name_id",
    "log of a verb": "ix_acts_wall_id_verb_id",
    "log of somebody who did little": "ix_acts_wall_id_moderator_name_id",
    "purge: to blank": "ix_feedback_removed_at",
    "purge: to forget": "ix_feedback_author_created_at",
    "purge: to fold": "ix_feedback_folded",
    "purge: blanking what is folded": "ix_feedback_author_created_at",
}
# SQLite has names of its own for what is unique.
UNIQUE_ON_SQLITE = {
    "uq_feedback_wall_id_version": "(wall_id=? AND version>?",
    "uq_feedback_wall_id_key": "(wall_id=? AND key=?)",
}
# How many of a wall's entries those read that may read many: a search half of them, counts all of two walls. Of acts
# those are read that came after the one that is to be undone, which is not long ago; of blocks all, which are few.
LONG_READS = {"desk, search in all": 0.5, "desk, counts": 2.0, "acts since": 0.2, "purge: blocks": 0.2}


def questions(entries: int) -> dict[str, Any]:
    """Statements by name, for the wall 1 with this many entries."""
    middle, at = entries // 2, now()
    return {**_reading(entries, middle), **_submissions(at), **_moderating(entries, middle), **_purging(at)}


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


def _submissions(at: datetime) -> dict[str, Any]:
    # As many as one batch may ask about: of each post five keys and two authors.
    keys = [(1 + number % 2, f"{number:064x}") for number in range(5 * BATCH)]
    authors = [(wall_id, f"{wall_id}-{number}") for number in range(BATCH) for wall_id in (1, 2)]
    both = [[author for wall_id, author in authors if wall_id == each] for each in (1, 2)]
    networks = [f"network {number}" for number in range(BATCH)]
    posts = [
        Submission(
            wall_id=1 + n % 2,
            name="Ann",
            text="Words",
            authors=both[n % 2][n : n + 2],
            keys=[key for _, key in keys[5 * n : 5 * n + 5]],
            networks=networks[n : n + 2],
            is_newcomer=True,
        )
        for n in range(BATCH)
    ]
    # The longest has all that was ever written in it, as in the first hour of a wall.
    windows = [(at - timedelta(minutes=1), at), (BEGAN, at)]
    return {
        "walls, locked": Wall.all_locked([1, 2]),
        "walls, locked, and the first": Wall.all_locked([2], and_first=True),
        "wall of an entry, locked": Wall.locked_with(7),
        "numbers under keys": Submission.numbers_under(keys),
        "what is known of posts": Submission.known(posts),
        "how often authors posted": Submission.times_by([author for _, author in authors], networks, windows),
        "how often newcomers posted": Submission.times_by(["nobody"], networks, windows),
        "authors who are known": Author.known_among(authors),
        "when authors posted last": Author.latest_among(authors, since=BEGAN, until=at),
    }


def _moderating(entries: int, middle: int) -> dict[str, Any]:
    one = Feedback(id=middle, wall_id=1, author="author 1", created_at=BEGAN)
    hidden, blocked = Act(id=5, wall_id=1, verb="hide"), Act(id=5, wall_id=1, verb="block-author")
    seen = ["held", "public", "hidden"]
    return {
        "desk": ModerationQueue.listed(1, ["held"]),
        "desk, all": ModerationQueue.listed(1, seen),
        "desk, all, older": ModerationQueue.listed(1, seen, before=middle),
        "desk, search in all": ModerationQueue.searched(1, seen, "undoing", floor=middle),
        "desk, older": ModerationQueue.listed(1, ["held"], before=middle),
        "desk, of an author": ModerationQueue.of_author(one),
        "desk, of an author, older": ModerationQueue.of_author(one, before=one),
        "desk, where a search ends": ModerationQueue.floor(1, "held"),
        "desk, counts": ModerationQueue.counts([1, 2]),
        "desk, changes": ModerationQueue.changed_on(1, after=entries - 10, limit=501),
        "desk, search": ModerationQueue.searched(1, seen[:1], "undoing", floor=middle),
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
        "log of somebody who did little": Act.log_of(1, by="Lee", size=30),
        "entries of an act": ActEntry.of(5),
        "entries of acts": ActEntry.numbers_of([5, 6]),
        "first entries of acts": ActEntry.first_few_of([5, 6]),
        "log, to export": Act.after_on(1, 5, 500),
        "entries of acts, to export": ActEntry.with_text_of([5, 6]),
        "who is logged in": LoginSession.open_with("token", now()),
        "rights of listeners": LoginSession.rights(["a" * 64], now()),
        "walls of a moderator": Membership.among(1, [1, 2]),
        "tries to log in": LoginAttempt.times_of(["a" * 64], since=now() - timedelta(hours=1), until=now()),
    }


def _purging(at: datetime) -> dict[str, Any]:
    return {
        "purge: to blank": Feedback.to_blank(BEGAN, 200),
        "purge: to blank, again": Feedback.to_blank(at, 200, among={3, 103}),
        "purge: blanking": Feedback.blank({3, 103}),
        "purge: to forget": Feedback.forgettable(at - MONTH, 200),
        "purge: blocks": Block.stale(at),
        "purge: logins": LoginSession.stale(at),
        "purge: tries to log in": LoginAttempt.stale(at),
        "purge: setups": Invitation.stale(at),
        "purge: to fold": SearchBackfill.unfolded(200),
        "purge: blanking what is folded": SearchBackfill.blank_folded(),
    }
