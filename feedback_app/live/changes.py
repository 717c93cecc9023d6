"""Changes of a wall since a version, rendered as fragments of the current state."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Feedback, Wall
from ..text.numbers import parse_id
from ..web.templates import render
from .hub import Event

MOST_CHANGES = 500
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Change(NamedTuple):
    """The current state of an entry or setting as HTML for htmx, and the wall's version after its latest change."""

    version: int
    html: str

    def event(self) -> Event:
        """As a server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
        lines = "".join(f"data: {line}\n" for line in _LINE_BREAK.split(self.html.strip()))
        return Event(self.version, f"id: {self.version}\n{lines}\n".encode())


@dataclass(frozen=True)
class Changes:
    """What brings a reader to `version`: one change for each entry or setting that differs, by version.

    `changed_at` is the time of the latest change. For an unknown or old version, the only change is a reload.
    """

    version: int
    changes: list[Change]
    changed_at: datetime | None = None

    def events(self) -> list[Event]:
        return [change.event() for change in self.changes]

    @property
    def body(self) -> bytes:
        return b"".join(event.body for event in self.events())

    @property
    def html(self) -> str:
        return "".join(change.html for change in self.changes)


def version_from(text: str) -> int | None:
    """A version in a request; None if it is not valid."""
    return parse_id(text)


async def changes_since(after: int | None, wall: Wall, session: AsyncSession) -> Changes:
    """The changes since the version `after`, which is None for an unknown one."""
    if after == wall.version:
        return Changes(wall.version, [])
    if after is not None and wall.oldest_version <= after < wall.version:
        changed = (await session.scalars(Feedback.changed_on(wall.id, after=after, limit=MOST_CHANGES + 1))).all()
        if len(changed) <= MOST_CHANGES:
            return _each(after, wall, changed)
    return reload(wall.version)


def reload(version: int) -> Changes:
    """The change that makes a page reload its list."""
    return Changes(version, [Change(version, render("live/_reload.html"))])


def _each(after: int, wall: Wall, changed: Sequence[Feedback]) -> Changes:
    # Rows may be newer than the wall, which was read before them. The next broadcast sends those, with any change of
    # settings in between.
    known = [feedback for feedback in changed if feedback.version is not None and feedback.version <= wall.version]
    changes = [
        Change(feedback.version or 0, render("live/_entry_change.html", wall=wall, feedback=feedback))
        for feedback in known
    ]
    if wall.arranged > after:
        changes.append(Change(wall.arranged, render("live/_settings_changed.html")))
    times = (feedback.changed_at for feedback in known if feedback.changed_at)
    return Changes(wall.version, sorted(changes, key=lambda change: change.version), max(times, default=None))
