"""Exports a wall, as a JSON document that can be imported again, or as CSV for spreadsheets.

Authors are exported as pseudonyms, which only the secret key connects with visitors. A mark of that key tells an import
whether the pseudonyms are valid on its installation.
"""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

from ...database import Database
from ...installation.signing import Keys
from ...models import Act, ActEntry, Block, Feedback, FormerAddress, Wall
from ...text import csv_cells

FORMAT = "feedback-wall"
FORMAT_VERSION = 1
BATCH_ROWS = 500
Progress = Callable[[int], None]
TYPES = {"json": "application/json", "csv": csv_cells.TYPE}
# Columns of the wall, besides its address and times.
SETTINGS = (
    "title", "welcome", "language", "hold", "is_closed", "slow_seconds", "names", "embedders", "theme", "accent",
)  # fmt: skip
WORDS = ("state", "reason", "name", "text", "answer", "answered_by", "key", "author")
TIMES = ("created_at", "edited_at", "pinned_at", "removed_at", "answered_at")
COLUMNS = ("number", "state", "reason", "name", "text", "created_at", "edited_at", "pinned_at", "removed_at", "answer",
           "answered_by", "answered_at")  # fmt: skip


def no_progress(_: int) -> None:
    """Ignores the progress."""


def key_marks(keys: Keys) -> list[str]:
    """Identifiers of the current secret key (first) and the former ones, which do not reveal them."""
    return [each[:16] for each in keys.digests("exports", "")]


async def as_json(wall: Wall, database: Database, keys: Keys, progress: Progress = no_progress) -> AsyncIterator[str]:
    """The document in pieces, an entry per line. `progress` is called with the number of entries in each piece."""
    async with database.reading() as session:
        former = (await session.scalars(FormerAddress.of(wall.id))).all()
        blocked = [
            {"author": each.author, "at": _time(each.created_at)} for each in await session.scalars(Block.on(wall.id))
        ]
    about = {
        "format": FORMAT,
        "edition": FORMAT_VERSION,
        "wall": {
            "slug": wall.slug,
            "uid": wall.identity,
            "former_addresses": list(former),
            **{name: getattr(wall, name) for name in SETTINGS},
            "created_at": _time(wall.created_at),
            "archived_at": _time(wall.archived_at),
        },
        "authors_of": key_marks(keys)[0],
        "blocked": blocked,
    }
    yield _text(about)[:-1] + ', "feedback": ['
    between = "\n"
    async for entries in _batches(wall, database):
        lines = [_text({"number": each.id, **_values(each)}) for each in entries]
        yield between + ",\n".join(lines)
        between = ",\n"
        progress(len(entries))
    yield '\n], "acts": ['
    between = "\n"
    async for acts in _act_batches(wall, database):
        yield between + ",\n".join(_text(each) for each in acts)
        between = ",\n"
    yield "\n]}\n"


async def as_csv(wall: Wall, database: Database, progress: Progress = no_progress) -> AsyncIterator[str]:
    """The entries in pieces. A cell that looks like a formula begins with an apostrophe (CSV injection)."""
    yield csv_cells.BEGINNING + csv_cells.line(COLUMNS)
    async for entries in _batches(wall, database):
        rows = ({"number": each.id, **_values(each)} for each in entries)
        yield "".join(csv_cells.line(["" if row[name] is None else row[name] for name in COLUMNS]) for row in rows)
        progress(len(entries))


async def _batches(wall: Wall, database: Database) -> AsyncIterator[Sequence[Feedback]]:
    """All entries with words, in batches, by id."""
    last = 0
    while True:
        async with database.reading() as session:
            found = (await session.scalars(Feedback.after_on(wall.id, last, BATCH_ROWS))).all()
        if not found:
            return
        last = found[-1].id
        if entries := [each for each in found if not each.is_blanked]:
            yield entries


async def _act_batches(wall: Wall, database: Database) -> AsyncIterator[list[dict[str, Any]]]:
    """All acts on the wall and its entries, in batches, by id."""
    last = 0
    while True:
        async with database.reading() as session:
            acts = (await session.scalars(Act.after_on(wall.id, last, BATCH_ROWS))).all()
            entries = (await session.scalars(ActEntry.with_text_of([each.id for each in acts]))).all() if acts else []
        if not acts:
            return
        last = acts[-1].id
        about: dict[int, list[dict[str, Any]]] = {each.id: [] for each in acts}
        for each in entries:
            about[each.act_id].append({"feedback": each.feedback_id, "before": each.before})
        yield [
            {
                "number": act.id,
                "verb": act.verb,
                "moderator": act.moderator_name,
                "at": _time(act.at),
                "undoes": act.undoes,
                "before": act.before,
                "entries": about[act.id],
            }
            for act in acts
        ]


def _values(feedback: Feedback) -> dict[str, Any]:
    return {
        **{name: getattr(feedback, name) for name in WORDS},
        **{name: _time(getattr(feedback, name)) for name in TIMES},
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="microseconds") if at else None


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
