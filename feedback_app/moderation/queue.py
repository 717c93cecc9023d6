"""The moderation queue: its entries, filters, search, pagination and counts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qs, urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Act, Feedback, Wall
from ..models.base import EntryState
from ..models.moderation_queue import MOST_COUNTED, SEEN, ModerationQueue
from ..models.pagination import Page
from ..text.cleaning import printable
from ..text.numbers import parse_id
from ..web.urls import parts_of

SHOWN = {"waiting": (EntryState.HELD,), "public": (EntryState.PUBLIC,), "hidden": (EntryState.HIDDEN,)}
SEARCH_LENGTH = 100


@dataclass(frozen=True)
class Entry:
    """Feedback in the queue. `latest` is the last act on it."""

    feedback: Feedback
    is_blocked: bool
    latest: Act | None


@dataclass(frozen=True)
class Part:
    """A section of the queue, newest entries first. `older` is the address of the next page, or empty."""

    name: str
    title: str
    entries: Sequence[Entry]
    older: str
    # The address at which a search continues that has not looked at all entries.
    searched: str = ""


@dataclass(frozen=True)
class View:
    """The filter and page of a wall's queue: one of SHOWN, the author of the entry `by`, or search words."""

    slug: str
    show: str = ""
    by: int | None = None
    search: str = ""
    before: int | None = None
    # The part whose entries are ticked when the page loads, for browsers without JavaScript.
    tick: str = ""

    @classmethod
    def of(cls, slug: str, query: Mapping[str, str]) -> Self:
        """From query parameters. Invalid ones are ignored."""
        show = query.get("show", "")
        return cls(
            slug,
            show if show in SHOWN else "",
            parse_id(query.get("by", "")),
            printable(" ".join(query.get("search", "").split())[:SEARCH_LENGTH]),
            parse_id(query.get("before", "")),
            query.get("tick", ""),
        )

    @classmethod
    def from_address(cls, slug: str, address: str) -> Self:
        """The view of the page at this address."""
        return cls.of(slug, {name: values[-1] for name, values in parse_qs(parts_of(address).query).items()})

    @property
    def is_whole(self) -> bool:
        """Whether it is unfiltered: waiting entries first, then the newest public ones."""
        return not (self.show or self.by or self.search)

    @property
    def query(self) -> dict[str, str]:
        values = {"show": self.show, "by": self.by, "search": self.search, "before": self.before}
        return {name: str(value) for name, value in values.items() if value}

    def address(self, **more: object) -> str:
        return _address(f"/walls/{self.slug}/moderation", {**self.query, **more})

    @property
    def entries(self) -> str:
        """The address of its entries as a fragment."""
        return _address(f"/walls/{self.slug}/moderation/entries", self.query)

    def older(self, show: str, before: int | None) -> "View":
        """The next page of one part."""
        return replace(self, show=show, before=before, tick="")


def log_address(slug: str) -> str:
    """The path of a wall's audit log."""
    return f"/walls/{slug}/moderation/log"


async def parts(view: View, wall: Wall, session: AsyncSession) -> list[Part]:
    """The parts of the view: two without a filter, else one."""
    if view.by is not None:
        return [await _part_of_author(view, wall, session)]
    if view.search:
        return [await _part_with_words(view, wall, session)]
    shown = [view.show] if view.show else ["waiting", "public"]
    return [await _part(view, name, wall, session) for name in shown]


async def entries(found: Sequence[Feedback], wall_id: int, session: AsyncSession) -> list[Entry]:
    """The feedback with its blocks and latest acts, in the same order."""
    blocked = set(await session.scalars(ModerationQueue.blocked(wall_id, found))) if found else set()
    rows = (await session.execute(Act.latest_on([each.id for each in found]))).all() if found else []
    latest = {row[0]: row[1] for row in rows}
    return [Entry(each, each.author in blocked, latest.get(each.id)) for each in found]


async def counts(wall_ids: Collection[int], session: AsyncSession) -> dict[int, dict[str, str]]:
    """By wall id and state, the number of entries as text, such as `1,000+`."""
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


def _address(path: str, query: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
