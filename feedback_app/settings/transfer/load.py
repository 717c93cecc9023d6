"""Imports a parsed file onto a wall, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from ...config import ConfigurationError
from ...installation.signing import Keys
from ...models import Block, Feedback, FormerAddress, Submission, Wall
from ...models.base import EntryState, counting_from
from ...models.feedback import MOST_PINNED
from ...models.former_address import slug_fault
from . import audit_log_import
from .document import Import, read
from .entry import foreign
from .export import SETTINGS, Progress, key_marks, no_progress

__all__ = ["Import", "Report", "import_wall", "read"]

BATCH_ROWS = 500
Rows = Sequence[Mapping[str, Any]]


@dataclass
class Report:
    """What an import did; the numbers count entries and acts."""

    made_wall: bool = False
    added: int = 0
    acts: int = 0
    known: int = 0
    unpinned: int = 0
    # Whether the entries got other ids than in the file.
    is_renumbered: bool = False


async def import_wall(
    slug: str, found: Import, keys: Keys, session: AsyncSession, progress: Progress = no_progress
) -> Report:
    """Import onto the wall of that address, which is made if it is missing. An unused wall takes the file's settings.

    Idempotent: an entry from an earlier import of the file stays as it is. Entries keep their ids, and so their
    addresses, if all of these are free. Raises ConfigurationError for an address that no wall may have.
    """
    report = Report()
    wall = await session.scalar(Wall.locked(slug))
    if wall is None:
        wall = await _make(slug, session)
        report.made_wall = True
    is_fresh, is_ours = wall.desk_version == 0, found.authors_of in key_marks(keys)
    if is_fresh:
        await _apply_settings(wall, found, session)
        session.add_all(
            Block(wall_id=wall.id, author=each, created_at=at) for each, at in found.blocked.items() if is_ours
        )

    known = await _numbers(wall, found.rows, session)
    new = list({row["key"]: row for row in found.rows if row["key"] not in known}.values())
    keeps_numbers = await _can_keep_numbers(new, session)
    if is_fresh and keeps_numbers:
        await _take_uid(wall, found, session)
    report.known, report.is_renumbered = len(found.rows) - len(new), not keeps_numbers and any(row["id"] for row in new)
    progress(report.known)
    free_pins = MOST_PINNED - len((await session.scalars(Feedback.pinned_on(wall.id))).all())
    numbers: dict[int, int] = {}
    for first in range(0, len(new), BATCH_ROWS):
        some = new[first : first + BATCH_ROWS]
        rows = []
        for row in some:
            fits = not row["pinned_at"] or free_pins > 0
            free_pins -= bool(row["pinned_at"]) and fits
            report.unpinned += not fits
            author = row["author"] if is_ours else foreign(row["author"])
            entry = {**row, "author": author, "pinned_at": row["pinned_at"] if fits else None}
            rows.append(_row(entry, wall, keeps_numbers=keeps_numbers))
        await session.execute(Feedback.insertion(), rows)
        here = await _numbers(wall, some, session)
        numbers |= {row["id"]: here[row["key"]] for row in some if row["id"]}
        report.added += len(rows)
        progress(len(some))
    report.acts = await audit_log_import.write(found.log, wall, numbers, session, with_wall=is_fresh)
    return report


async def _make(slug: str, session: AsyncSession) -> Wall:
    if fault := slug_fault(slug):
        raise ConfigurationError(fault)
    wall = Wall(slug=slug, title=slug)
    session.add(wall)
    await session.flush()
    return wall


async def _apply_settings(wall: Wall, found: Import, session: AsyncSession) -> None:
    """Apply the settings and times of the file, and its former addresses that are free."""
    wall.update_settings({name: value for name, value in found.settings.items() if name in SETTINGS})
    for name in found.settings.keys() - set(SETTINGS):
        setattr(wall, name, found.settings[name])
    for slug in dict.fromkeys(found.former_addresses):
        if await session.scalar(Wall.named(slug)) is None and await session.scalar(Wall.formerly(slug)) is None:
            session.add(FormerAddress(slug=slug, wall_id=wall.id))
    await session.flush()


async def _take_uid(wall: Wall, found: Import, session: AsyncSession) -> None:
    """Take over the file's feed ids, unless a wall here has them already. So readers of a moved wall's feeds see no
    entry twice."""
    if found.uid and await session.scalar(Wall.with_uid(found.uid)) is None:
        wall.uid = found.uid
        await session.flush()


async def _numbers(wall: Wall, rows: Rows, session: AsyncSession) -> dict[str | None, int]:
    """Ids of those entries that exist here, by key."""
    numbers: dict[str | None, int] = {}
    for first in range(0, len(rows), BATCH_ROWS):
        keys = {(wall.id, row["key"]) for row in rows[first : first + BATCH_ROWS]}
        numbers |= {key: number for _, number, key in await session.execute(*Submission.numbers_under(keys))}
    return numbers


async def _can_keep_numbers(rows: Rows, session: AsyncSession) -> bool:
    """Whether all entries can keep their ids; later ids are greater then."""
    numbers = [row["id"] for row in rows]
    if not numbers or None in numbers:
        return False
    for first in range(0, len(numbers), BATCH_ROWS):
        if (await session.execute(Feedback.places(numbers[first : first + BATCH_ROWS]))).first():
            return False
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(counting_from(Feedback, max(numbers)))
    return True


def _row(entry: Mapping[str, Any], wall: Wall, *, keeps_numbers: bool) -> dict[str, Any]:
    feedback = Feedback(
        wall_id=wall.id,
        version=wall.change() if entry["state"] == EntryState.PUBLIC else None,
        desk_version=wall.change_for_moderators(),
        **entry,
    )
    feedback.fold()
    return {**feedback.row(), "id": feedback.id} if keeps_numbers else feedback.row()
