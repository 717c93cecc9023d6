"""The audit log in an export: parses its acts, and stores them with what undo needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from ...models import Act, ActEntry, Wall
from ...models.act import BLOCKING, KINDS, VERBS
from ...models.feedback import CONDITION
from ...models.moderator import NAME_LENGTH
from .entry import REASONS, STATES, number, time, words
from .export import SETTINGS

BATCH_ROWS = 500
LONGEST = 8000
# Keys of `before` in acts on the wall itself.
OF_WALL = (*SETTINGS, "slug", "is_archived", "moderator", "role", "then")
TIMES = ("pinned_at", "removed_at", "answered_at")


@dataclass(frozen=True)
class Line:
    """An act with the ids in the file. `entries` maps an entry's id to its old values; `undoes` is an act's id."""

    number: int
    act: Mapping[str, Any]
    undoes: int | None
    entries: Mapping[int, dict[str, Any]]


def parse_act(document: Any) -> Line:
    """Parse one act. Raises InvalidText or ValueError with a sentence."""
    if not isinstance(document, dict):
        raise ValueError("This is no act.")
    if document.get("verb") not in KINDS:
        raise ValueError(f"There is no such verb. There are {', '.join(KINDS)}.")
    its_number, entries = number(document.get("number")), document.get("entries", [])
    if its_number is None or not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ValueError("It is not as it should be.")
    act = {
        "verb": document["verb"],
        "moderator_name": words(document, "moderator", NAME_LENGTH, NAME_LENGTH, lines=False),
        "before": _before_of_wall(document.get("before")),
        "at": time(document.get("at"), "at") or datetime.now(UTC),
    }
    about = {number(each.get("feedback")) or 0: _before(each.get("before")) for each in entries}
    if act["verb"] in VERBS:
        kind = {"blocked"} if act["verb"] in BLOCKING else set(CONDITION)
        if not all(before and set(before) <= kind for before in about.values()):
            raise ValueError("before is not as it should be.")
    return Line(its_number, act, number(document.get("undoes")), about)


async def write(
    lines: Sequence[Line], wall: Wall, numbers: Mapping[int, int], session: AsyncSession, *, with_wall: bool
) -> int:
    """Store the acts on imported entries, and with `with_wall` those on the wall itself. Gives their number.

    `numbers` maps an entry's id in the file to its id here.
    """
    written: dict[int, Act] = {}
    for first in range(0, len(lines), BATCH_ROWS):
        some = [line for line in lines[first : first + BATCH_ROWS] if _belongs(line, numbers, with_wall=with_wall)]
        acts = {line.number: Act(wall_id=wall.id, **line.act) for line in some}
        session.add_all(acts.values())
        await session.flush()
        session.add_all(
            ActEntry(act_id=acts[line.number].id, feedback_id=numbers[each], before=before)
            for line in some
            for each, before in line.entries.items()
            if each in numbers
        )
        written |= acts
    for line in lines:
        if line.number in written and line.undoes in written:
            written[line.number].undoes = written[line.undoes].id
    await session.flush()
    return len(written)


def _belongs(line: Line, numbers: Collection[int], *, with_wall: bool) -> bool:
    return any(each in numbers for each in line.entries) if line.entries else with_wall


def _before(values: Any) -> dict[str, Any]:
    """Old values of an entry by column. Undo restores them, so each is validated."""
    if not isinstance(values, dict):
        raise ValueError("before is not as it should be.")
    choices: Mapping[str, Collection[Any]] = {
        "state": STATES,
        "reason": (None, *REASONS),
        "blocked": (True, False),
    }
    before: dict[str, Any] = {}
    for name, value in values.items():
        if name in TIMES:
            at = time(value, name)
            before[name] = at.isoformat() if at else None
        elif name == "answer":
            before[name] = words(values, name) or None
        elif name == "answered_by":
            before[name] = words(values, name, NAME_LENGTH, NAME_LENGTH, lines=False) or None
        elif isinstance(value, str | bool | None) and value in choices.get(name, ()):
            before[name] = value
        else:
            raise ValueError(f"{name} before is not as it should be.")
    return before


def _before_of_wall(values: Any) -> dict[str, Any] | None:
    if values is None:
        return None
    if not isinstance(values, dict):
        raise ValueError("before is not as it should be.")
    before = {name: value for name, value in values.items() if name in OF_WALL}
    if any(not isinstance(value, str | int | bool | None) or len(str(value)) > LONGEST for value in before.values()):
        raise ValueError("before is not as it should be.")
    # Older than every version of this wall's settings.
    return {**before, "arranged": -1}
