"""Making, arranging, renaming, archiving and deleting walls: each with its line in the wall's log."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Act, FormerAddress, Membership, Moderator, Wall
from ..models.former_address import SLUG_LENGTH
from ..models.moderator import OWNER


class AddressTaken(Exception):
    """Another wall has this address."""


class SettingsConflict(Exception):
    """Somebody else arranged the wall since the form was made. `acts` are theirs, the latest first."""

    def __init__(self, wall: Wall, acts: Sequence[Act]) -> None:
        super().__init__()
        self.wall, self.acts = wall, acts


async def make(title: str, slug: str, owner: Moderator, session: AsyncSession) -> Wall:
    """A wall that belongs to whoever makes it. It may have an address that another wall had before."""
    await _take(slug, session)
    wall = Wall(slug=slug, title=title)
    session.add(wall)
    await _flush(session)
    session.add(Membership(moderator_id=owner.id, wall_id=wall.id, role=OWNER))
    _record("make", wall, owner, {}, session)
    return wall


async def update_settings(
    wall_id: int, arrangement: Mapping[str, Any], arranged: str, by: Moderator, session: AsyncSession
) -> Wall | None:
    """`arranged` says which arrangement the owner looked at. None where it is not theirs any more."""
    wall = await _owned(wall_id, by, session)
    if wall is None:
        return None
    if arranged != str(wall.arranged):
        acts = (await session.scalars(Act.settings_acts(wall.id))).all()
        raise SettingsConflict(
            wall, [act for act in acts if (act.before or {}).get("arranged", 0) >= _number(arranged)]
        )
    if before := wall.update_settings(arrangement):
        _record("arrange", wall, by, before, session)
    return wall


async def rename(wall_id: int, slug: str, by: Moderator, session: AsyncSession) -> Wall | None:
    """Give it another address; the former one goes on leading to it."""
    wall = await _owned(wall_id, by, session)
    if wall is None or wall.slug == slug:
        return wall
    await _take(slug, session)
    session.add(FormerAddress(slug=wall.slug, wall_id=wall.id))
    _record("rename", wall, by, wall.rename(slug), session)
    await _flush(session)
    return wall


async def archive(wall_id: int, is_archived: bool, by: Moderator, session: AsyncSession) -> Wall | None:
    wall = await _owned(wall_id, by, session)
    if wall is None or (wall.archived_at is not None) == is_archived:
        return wall
    if is_archived:
        _record("archive", wall, by, wall.archive(), session)
    else:
        _record("unarchive", wall, by, wall.unarchive(), session)
    return wall


async def delete(wall_id: int, by: Moderator, session: AsyncSession) -> Wall | None:
    """Take the wall away with everything on it and about it."""
    wall = await _owned(wall_id, by, session)
    if wall is not None:
        for statement in Wall.delete_wall(wall.id):
            await session.execute(statement)
    return wall


def merge(
    mine: Mapping[str, Any], theirs: Mapping[str, Any], acts: Sequence[Act]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What I said, and theirs wherever I did not say anything new; and what was before, of all that they changed.

    `theirs` is the wall as it is now, and `acts`, the latest first, lead back to what I looked at.
    """
    before = {name: value for act in acts for name, value in (act.before or {}).items() if name in theirs}
    merged = {name: theirs[name] if mine[name] == before.get(name, theirs[name]) else mine[name] for name in mine}
    return merged, before


async def propose(title: str, session: AsyncSession) -> str:
    """An address for a wall of this title that no wall has."""
    plain = unicodedata.normalize("NFKD", title[:SLUG_LENGTH].casefold()).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain)[: SLUG_LENGTH - 5].strip("-") or "wall"
    taken = set(await session.scalars(Wall.slugs_from(stem)))
    return next(
        slug for slug in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))) if slug not in taken
    )


async def _take(slug: str, session: AsyncSession) -> None:
    """Make sure that no wall has this address; one that had it before does not keep it."""
    if await session.scalar(Wall.named(slug)) is not None:
        raise AddressTaken
    await session.execute(FormerAddress.delete_former(slug))


async def _flush(session: AsyncSession) -> None:
    """Another process may have taken the address since it was looked up. Raises AddressTaken."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise AddressTaken from error


async def _owned(wall_id: int, moderator: Moderator, session: AsyncSession) -> Wall | None:
    """The wall, locked, if it is still theirs."""
    wall = await session.scalar(Wall.locked_numbered(wall_id))
    membership = await session.scalar(Membership.of(moderator.id, wall_id))
    return wall if membership is not None and membership.is_owner else None


def _record(verb: str, wall: Wall, by: Moderator, before: dict[str, Any], session: AsyncSession) -> None:
    session.add(Act(wall_id=wall.id, verb=verb, moderator_id=by.id, moderator_name=by.name, before=before))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
