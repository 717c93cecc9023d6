"""The desk as a moderator sees it: entries with what is known beside them, and what is looked at of which wall."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qs, urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Act, Feedback, Wall
from ..models.moderation_queue import MOST_COUNTED, SEEN, ModerationQueue
from ..models.pagination import Page
from ..text.cleaning import printable
from ..web.urls import parts_of

SHOWN = {"waiting": ("held",), "public": ("public",), "hidden": ("hidden",)}
SEARCH_LENGTH = 100
_DIGITS = 18


@dataclass(frozen=True)
class Entry:
    """Feedback on the desk, whether its author is blocked, and the latest act on it."""

    feedback: Feedback
    is_blocked: bool
    latest: Act | None


@dataclass(frozen=True)
class Part:
    """Entries of one kind, newest first, and the address of the next older ones."""

    name: str
    title: str
    entries: Sequence[Entry]
    older: str
    # Down to where a search has looked, when there is more to look at.
    searched: str = ""


@dataclass(frozen=True)
class View:
    """What of a wall's desk is looked at: of one kind, by one author (of the entry `by`), or with certain words."""

    slug: str
    show: str = ""
    by: int | None = None
    search: str = ""
    before: int | None = None
    # The part whose entries are ticked when the page comes, for those whose browser cannot tick them all.
    tick: str = ""

    @classmethod
    def of(cls, slug: str, query: Mapping[str, str]) -> Self:
        """Whatever the query asks for that cannot be is left out."""
        show = query.get("show", "")
        return cls(
            slug,
            show if show in SHOWN else "",
            _number(query.get("by", "")),
            printable(" ".join(query.get("search", "").split())[:SEARCH_LENGTH]),
            _number(query.get("before", "")),
            query.get("tick", ""),
        )

    @classmethod
    def from_address(cls, slug: str, address: str) -> Self:
        """The view that a page with this address shows."""
        return cls.of(slug, {name: values[-1] for name, values in parse_qs(parts_of(address).query).items()})

    @property
    def is_whole(self) -> bool:
        """Whether it is the desk itself: what waits first, then what is new on the wall."""
        return not (self.show or self.by or self.search)

    @property
    def query(self) -> dict[str, str]:
        said = {"show": self.show, "by": self.by, "search": self.search, "before": self.before}
        return {name: str(value) for name, value in said.items() if value}

    def address(self, **more: object) -> str:
        return _address(f"/walls/{self.slug}/moderation", {**self.query, **more})

    @property
    def entries(self) -> str:
        """Where its entries come from, without the page around them."""
        return _address(f"/walls/{self.slug}/moderation/entries", self.query)

    def older(self, show: str, before: int | None) -> "View":
        return replace(self, show=show, before=before, tick="")


def log_address(slug: str) -> str:
    return f"/walls/{slug}/moderation/log"


async def parts(view: View, wall: Wall, session: AsyncSession) -> list[Part]:
    """What the view shows: two parts for the desk itself, else one."""
    if view.by is not None:
        return [await _part_of_author(view, wall, session)]
    if view.search:
        return [await _part_with_words(view, wall, session)]
    shown = [view.show] if view.show else ["waiting", "public"]
    return [await _part(view, name, wall, session) for name in shown]


async def entries(found: Sequence[Feedback], wall_id: int, session: AsyncSession) -> list[Entry]:
    blocked = set(await session.scalars(ModerationQueue.blocked(wall_id, found))) if found else set()
    rows = (await session.execute(Act.latest_on([each.id for each in found]))).all() if found else []
    latest = {row[0]: row[1] for row in rows}
    return [Entry(each, each.author in blocked, latest.get(each.id)) for each in found]


async def counts(wall_ids: Collection[int], session: AsyncSession) -> dict[int, dict[str, str]]:
    """By wall and state, how many entries there are, as words."""
    found: dict[int, dict[str, str]] = {wall_id: dict.fromkeys(SEEN, "0") for wall_id in wall_ids}
    if found:
        for wall_id, state, count in await session.execute(ModerationQueue.counts(wall_ids)):
            found[wall_id][state] = f"{count:,}" if count < MOST_COUNTED else f"{MOST_COUNTED:,}+"
    return found


async def _part(view: View, name: str, wall: Wall, session: AsyncSession) -> Part:
    states = SHOWN[name]
    found = Page((await session.scalars(ModerationQueue.listed(wall.id, states, before=view.before))).all())
    older = view.older(name, found.before).address() if found.before else ""
    return Part(name, TITLES[name], await entries(found.entries, wall.id, session), older)


async def _part_of_author(view: View, wall: Wall, session: AsyncSession) -> Part:
    one = await session.scalar(Feedback.numbered(wall.id, view.by or 0))
    before = await session.scalar(Feedback.numbered(wall.id, view.before)) if view.before else None
    found = Page((await session.scalars(ModerationQueue.of_author(one, before=before))).all() if one else [])
    older = view.older("", found.before).address() if found.before else ""
    return Part("author", f"By the author of post {view.by}", await entries(found.entries, wall.id, session), older)


async def _part_with_words(view: View, wall: Wall, session: AsyncSession) -> Part:
    states = SHOWN.get(view.show, SEEN)
    floors = [await session.scalar(ModerationQueue.floor(wall.id, state, before=view.before)) for state in states]
    floor = max((each for each in floors if each is not None), default=0)
    statement = ModerationQueue.searched(wall.id, states, view.search, floor=floor, before=view.before)
    found = Page((await session.scalars(statement)).all())
    older = view.older(view.show, found.before).address() if found.before else ""
    searched = view.older(view.show, floor + 1).address() if floor and not older else ""
    return Part("search", f"With “{view.search}”", await entries(found.entries, wall.id, session), older, searched)


TITLES = {"waiting": "Needs review", "public": "Newest on the wall", "hidden": "Hidden"}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _address(path: str, query: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
