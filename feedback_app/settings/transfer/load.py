"""Importing: what an export holds, onto a wall of this installation, all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from ...config import ConfigurationError
from ...installation.signing import Keys
from ...models import Block, Feedback, FormerAddress, Submission, Wall
from ...models.base import counting_from
from ...models.feedback import MOST_PINNED
from ...models.former_address import slug_fault
from . import audit_log
from .document import Import, read
from .entry import foreign
from .export import SETTINGS, Progress, marks, nobody

__all__ = ["Import", "Report", "bring_in", "read"]

SLICE = 500
Rows = Sequence[Mapping[str, Any]]


@dataclass
class Report:
    made_wall: bool = False
    added: int = 0
    acts: int = 0
    known: int = 0
    unpinned: int = 0
    # The entries stand here under other numbers than in the file.
    is_renumbered: bool = False


async def bring_in(slug: str, found: Import, keys: Keys, session: AsyncSession, progress: Progress = nobody) -> Report:
    """Onto the wall of that address, which is made where there is none; one on which nothing ever happened is arranged
    as the file says.

    An entry that is there already, because the file was imported before, is left alone. The others keep their numbers,
    and so their addresses, where none of these is taken.
    """
    report = Report()
    wall = await session.scalar(Wall.locked(slug))
    if wall is None:
        wall = await _make(slug, session)
        report.made_wall = True
    is_fresh, is_ours = wall.desk_version == 0, found.authors_of in marks(keys)
    if is_fresh:
        await _arrange(wall, found, session)
        session.add_all(
            Block(wall_id=wall.id, author=each, created_at=at) for each, at in found.blocked.items() if is_ours
        )

    known = await _numbers(wall, found.rows, session)
    new = list({row["key"]: row for row in found.rows if row["key"] not in known}.values())
    keeps = await _count_from(new, session)
    if is_fresh and keeps:
        await _identify(wall, found, session)
    report.known, report.is_renumbered = len(found.rows) - len(new), not keeps and any(row["id"] for row in new)
    progress(report.known)
    room = MOST_PINNED - len((await session.scalars(Feedback.pinned_on(wall.id))).all())
    numbers: dict[int, int] = {}
    for first in range(0, len(new), SLICE):
        some = new[first : first + SLICE]
        rows = []
        for row in some:
            fits = not row["pinned_at"] or room > 0
            room -= bool(row["pinned_at"]) and fits
            report.unpinned += not fits
            author = row["author"] if is_ours else foreign(row["author"])
            entry = {**row, "author": author, "pinned_at": row["pinned_at"] if fits else None}
            rows.append(_row(entry, wall, keeps=keeps))
        await session.execute(Feedback.insertion(), rows)
        here = await _numbers(wall, some, session)
        numbers |= {row["id"]: here[row["key"]] for row in some if row["id"]}
        report.added += len(rows)
        progress(len(some))
    report.acts = await audit_log.write(found.log, wall, numbers, session, whole=is_fresh)
    return report


async def _make(slug: str, session: AsyncSession) -> Wall:
    if fault := slug_fault(slug):
        raise ConfigurationError(fault)
    wall = Wall(slug=slug, title=slug)
    session.add(wall)
    await session.flush()
    return wall


async def _arrange(wall: Wall, found: Import, session: AsyncSession) -> None:
    """As the file says, and found under the addresses it had before where no other wall is."""
    wall.update_settings({name: value for name, value in found.arrangement.items() if name in SETTINGS})
    for name in found.arrangement.keys() - set(SETTINGS):
        setattr(wall, name, found.arrangement[name])
    for slug in dict.fromkeys(found.former_addresses):
        if await session.scalar(Wall.named(slug)) is None and await session.scalar(Wall.formerly(slug)) is None:
            session.add(FormerAddress(slug=slug, wall_id=wall.id))
    await session.flush()


async def _identify(wall: Wall, found: Import, session: AsyncSession) -> None:
    """The wall of the file, moved here: readers of its feeds know its entries by their ids. A copy of one that is here
    keeps ids of its own, as does one whose entries got other numbers."""
    if found.uid and await session.scalar(Wall.with_uid(found.uid)) is None:
        wall.uid = found.uid
        await session.flush()


async def _numbers(wall: Wall, rows: Rows, session: AsyncSession) -> dict[str | None, int]:
    """Of those of these entries that are here, by their keys."""
    numbers: dict[str | None, int] = {}
    for first in range(0, len(rows), SLICE):
        keys = {(wall.id, row["key"]) for row in rows[first : first + SLICE]}
        numbers |= {key: number for _, number, key in await session.execute(*Submission.numbers_under(keys))}
    return numbers


async def _count_from(rows: Rows, session: AsyncSession) -> bool:
    """Whether all of them can keep their numbers; then those to come are greater."""
    numbers = [row["id"] for row in rows]
    if not numbers or None in numbers:
        return False
    for first in range(0, len(numbers), SLICE):
        if (await session.execute(Feedback.places(numbers[first : first + SLICE]))).first():
            return False
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(counting_from(Feedback, max(numbers)))
    return True


def _row(entry: Mapping[str, Any], wall: Wall, *, keeps: bool) -> dict[str, Any]:
    feedback = Feedback(
        wall_id=wall.id,
        version=wall.change() if entry["state"] == "public" else None,
        desk_version=wall.change_for_moderators(),
        **entry,
    )
    feedback.fold()
    return {**feedback.row(), "id": feedback.id} if keeps else feedback.row()
