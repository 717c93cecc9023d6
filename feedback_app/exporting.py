"""Exporting: a wall with all that is on it, as one JSON document that can be imported again, or as lines of CSV.

Who wrote what is not in it: names of authors are digests that mean nothing elsewhere and do not last for two days.
"""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

from . import spreadsheet
from .database import Database
from .models import Feedback, Wall

FORMAT = "feedback-wall"
EDITION = 1
SLICE = 500
Progress = Callable[[int], None]
TYPES = {"json": "application/json", "csv": spreadsheet.TYPE}
# Of the wall, beside its address and its times.
ARRANGED = (
    "title", "welcome", "language", "hold", "is_closed", "slow_seconds", "names", "embedders", "theme", "accent",
)  # fmt: skip
WORDS = ("state", "reason", "name", "text", "answer", "answered_by", "key")
TIMES = ("created_at", "edited_at", "pinned_at", "removed_at", "answered_at")
COLUMNS = ("number", "state", "reason", "name", "text", "created_at", "edited_at", "pinned_at", "removed_at", "answer",
           "answered_by", "answered_at")  # fmt: skip


def nobody(_: int) -> None:
    """For those who tell nobody how far they are."""


async def as_json(wall: Wall, database: Database, progress: Progress = nobody) -> AsyncIterator[str]:
    """The document in pieces, an entry a line; `progress` hears how many more are in it."""
    about = {
        "format": FORMAT,
        "edition": EDITION,
        "wall": {
            "slug": wall.slug,
            **{name: getattr(wall, name) for name in ARRANGED},
            "created_at": _time(wall.created_at),
            "archived_at": _time(wall.archived_at),
        },
    }
    yield _text(about)[:-1] + ', "feedback": ['
    between = "\n"
    async for entries in _slices(wall, database):
        lines = [_text({"number": each.id, **_values(each)}) for each in entries]
        yield between + ",\n".join(lines)
        between = ",\n"
        progress(len(entries))
    yield "\n]}\n"


async def as_csv(wall: Wall, database: Database, progress: Progress = nobody) -> AsyncIterator[str]:
    """For spreadsheets; what could be taken for a formula begins with an apostrophe."""
    yield spreadsheet.line(COLUMNS)
    async for entries in _slices(wall, database):
        rows = ({"number": each.id, **_values(each)} for each in entries)
        yield "".join(spreadsheet.line(["" if row[name] is None else row[name] for name in COLUMNS]) for row in rows)
        progress(len(entries))


async def _slices(wall: Wall, database: Database) -> AsyncIterator[Sequence[Feedback]]:
    """All that has words, in the order of the numbers."""
    last = 0
    while True:
        async with database.reading() as session:
            found = (await session.scalars(Feedback.after_on(wall.id, last, SLICE))).all()
        if not found:
            return
        last = found[-1].id
        if kept := [each for each in found if not each.is_blanked]:
            yield kept


def _values(feedback: Feedback) -> dict[str, Any]:
    return {
        **{name: getattr(feedback, name) for name in WORDS},
        **{name: _time(getattr(feedback, name)) for name in TIMES},
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="microseconds") if at else None


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
