"""Commands that make, change, rename, archive and delete walls. Each adds a row to the audit log."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Act, FormerAddress, Membership, Moderator, Wall
from ..models.former_address import SLUG_LENGTH
from ..models.moderator import OWNER
from ..text.numbers import parse_id


class AddressTaken(Exception):
    """Another wall has this address."""


class SettingsConflict(Exception):
    """The settings have changed since the form was rendered. `acts` are those changes, latest first."""

    def __init__(self, wall: Wall, acts: Sequence[Act]) -> None:
        super().__init__()
        self.wall, self.acts = wall, acts


async def make(title: str, slug: str, owner: Moderator, session: AsyncSession) -> Wall:
    """Make a wall with its owner. It may take another wall's former address.

    Raises AddressTaken if another wall has the address.
    """
    await _claim_address(slug, session)
    wall = Wall(slug=slug, title=title)
    session.add(wall)
    await _flush(session)
    session.add(Membership(moderator_id=owner.id, wall_id=wall.id, role=OWNER))
    _record("make", wall, owner, {}, session)
    return wall


async def update_settings(
    wall_id: int, settings: Mapping[str, Any], settings_version: str, by: Moderator, session: AsyncSession
) -> Wall | None:
    """Store the settings (by column); None if the moderator does not own the wall.

    `settings_version` is the version (`Wall.arranged`) in the owner's form. Raises SettingsConflict if it is not the
    current one.
    """
    wall = await _owned(wall_id, by, session)
    if wall is None:
        return None
    if settings_version != str(wall.arranged):
        acts = (await session.scalars(Act.settings_acts(wall.id))).all()
        raise SettingsConflict(
            wall, [act for act in acts if (act.before or {}).get("arranged", 0) >= (parse_id(settings_version) or 0)]
        )
    if before := wall.update_settings(settings):
        _record("arrange", wall, by, before, session)
    return wall


async def rename(wall_id: int, slug: str, by: Moderator, session: AsyncSession) -> Wall | None:
    """Change the address; the former one redirects. None if the moderator does not own the wall.

    Raises AddressTaken if another wall has the address.
    """
    wall = await _owned(wall_id, by, session)
    if wall is None or wall.slug == slug:
        return wall
    await _claim_address(slug, session)
    session.add(FormerAddress(slug=wall.slug, wall_id=wall.id))
    _record("rename", wall, by, wall.rename(slug), session)
    await _flush(session)
    return wall


async def archive(wall_id: int, is_archived: bool, by: Moderator, session: AsyncSession) -> Wall | None:
    """Archive or unarchive the wall; None if the moderator does not own it."""
    wall = await _owned(wall_id, by, session)
    if wall is None or (wall.archived_at is not None) == is_archived:
        return wall
    if is_archived:
        _record("archive", wall, by, wall.archive(), session)
    else:
        _record("unarchive", wall, by, wall.unarchive(), session)
    return wall


async def delete(wall_id: int, by: Moderator, session: AsyncSession) -> Wall | None:
    """Delete the wall with all of its rows; None if the moderator does not own it."""
    wall = await _owned(wall_id, by, session)
    if wall is not None:
        for statement in Wall.delete_wall(wall.id):
            await session.execute(statement)
    return wall


def merge(
    mine: Mapping[str, Any], theirs: Mapping[str, Any], acts: Sequence[Act]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Three-way merge: my changes win over theirs. Gives the merged settings, and the old values of what they changed.

    `theirs` are the current settings; `acts`, latest first, lead back to the settings in my form.
    """
    before = {name: value for act in acts for name, value in (act.before or {}).items() if name in theirs}
    merged = {name: theirs[name] if mine[name] == before.get(name, theirs[name]) else mine[name] for name in mine}
    return merged, before


async def propose(title: str, session: AsyncSession) -> str:
    """A free address, derived from the title."""
    plain = unicodedata.normalize("NFKD", title[:SLUG_LENGTH].casefold()).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain)[: SLUG_LENGTH - 5].strip("-") or "wall"
    taken = set(await session.scalars(Wall.slugs_from(stem)))
    return next(
        slug for slug in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))) if slug not in taken
    )


async def _claim_address(slug: str, session: AsyncSession) -> None:
    """Free the address if it is a former one. Raises AddressTaken if a wall has it."""
    if await session.scalar(Wall.named(slug)) is not None:
        raise AddressTaken
    await session.execute(FormerAddress.delete_former(slug))


async def _flush(session: AsyncSession) -> None:
    """Raises AddressTaken if another process has taken the address since the lookup."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise AddressTaken from error


async def _owned(wall_id: int, moderator: Moderator, session: AsyncSession) -> Wall | None:
    """The wall, locked, or None if the moderator does not own it."""
    wall = await session.scalar(Wall.locked_numbered(wall_id))
    membership = await session.scalar(Membership.of(moderator.id, wall_id))
    return wall if membership is not None and membership.is_owner else None


def _record(verb: str, wall: Wall, by: Moderator, before: dict[str, Any], session: AsyncSession) -> None:
    session.add(Act(wall_id=wall.id, verb=verb, moderator_id=by.id, moderator_name=by.name, before=before))
