"""The log of a wall as a file has it: what was done to entries, which is what undoing them takes."""

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

SLICE = 500
LONGEST = 8000
# What of the wall itself was different before.
OF_WALL = (*SETTINGS, "slug", "is_archived", "moderator", "role", "then")
TIMES = ("pinned_at", "removed_at", "answered_at")


@dataclass(frozen=True)
class Line:
    """An act, by the numbers that the file has for it and for the entries; `undoes` is the number of another one."""

    number: int
    act: Mapping[str, Any]
    undoes: int | None
    entries: Mapping[int, dict[str, Any]]


def line_of(said: Any) -> Line:
    """Raises Unfit or ValueError with a sentence."""
    if not isinstance(said, dict):
        raise ValueError("This is no act.")
    if said.get("verb") not in KINDS:
        raise ValueError(f"There is no such verb. There are {', '.join(KINDS)}.")
    its_number, entries = number(said.get("number")), said.get("entries", [])
    if its_number is None or not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ValueError("It is not as it should be.")
    act = {
        "verb": said["verb"],
        "moderator_name": words(said, "moderator", NAME_LENGTH, NAME_LENGTH, lines=False),
        "before": _before_of_wall(said.get("before")),
        "at": time(said.get("at"), "at") or datetime.now(UTC),
    }
    about = {number(each.get("feedback")) or 0: _before(each.get("before")) for each in entries}
    if act["verb"] in VERBS:
        kind = {"blocked"} if act["verb"] in BLOCKING else set(CONDITION)
        if not all(before and set(before) <= kind for before in about.values()):
            raise ValueError("before is not as it should be.")
    return Line(its_number, act, number(said.get("undoes")), about)


async def write(
    lines: Sequence[Line], wall: Wall, numbers: Mapping[int, int], session: AsyncSession, *, whole: bool
) -> int:
    """Those of entries that came along, whose numbers here `numbers` has by theirs; `whole`, those of the wall too.

    Gives how many.
    """
    written: dict[int, Act] = {}
    for first in range(0, len(lines), SLICE):
        some = [line for line in lines[first : first + SLICE] if _belongs(line, numbers, whole=whole)]
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


def _belongs(line: Line, numbers: Collection[int], *, whole: bool) -> bool:
    return any(each in numbers for each in line.entries) if line.entries else whole


def _before(said: Any) -> dict[str, Any]:
    """What of an entry was different, which an undo makes it again: nothing gets in but what may be."""
    if not isinstance(said, dict):
        raise ValueError("before is not as it should be.")
    choices: Mapping[str, Collection[Any]] = {
        "state": STATES,
        "reason": (None, *REASONS),
        "blocked": (True, False),
    }
    before: dict[str, Any] = {}
    for name, value in said.items():
        if name in TIMES:
            at = time(value, name)
            before[name] = at.isoformat() if at else None
        elif name == "answer":
            before[name] = words(said, name) or None
        elif name == "answered_by":
            before[name] = words(said, name, NAME_LENGTH, NAME_LENGTH, lines=False) or None
        elif isinstance(value, str | bool | None) and value in choices.get(name, ()):
            before[name] = value
        else:
            raise ValueError(f"{name} before is not as it should be.")
    return before


def _before_of_wall(said: Any) -> dict[str, Any] | None:
    if said is None:
        return None
    if not isinstance(said, dict):
        raise ValueError("before is not as it should be.")
    before = {name: value for name, value in said.items() if name in OF_WALL}
    if any(not isinstance(value, str | int | bool | None) or len(str(value)) > LONGEST for value in before.values()):
        raise ValueError("before is not as it should be.")
    # It came after no arrangement of this wall, however it was counted where it comes from.
    return {**before, "arranged": -1}
