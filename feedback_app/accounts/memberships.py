"""Roles of moderators on walls; every change is written to the wall's audit log."""

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Act, Invitation, Membership, Moderator, Wall
from ..models.moderator import OWNER

APPOINT = "appoint"
# The name in the audit log for changes from the command line.
OPERATOR = "feedback-app"


class LastOwner(Exception):
    """The change would leave the wall without an owner, and nobody could change its settings."""


class NotOwner(Exception):
    """The moderator who makes the change does not own the wall, or not any more."""


async def appoint(
    moderator: Moderator, role: str | None, wall_id: int, session: AsyncSession, *, by: Moderator | None = None
) -> bool:
    """Give the moderator this role on the wall, with None remove them; False when nothing changes.

    `by` is the owner who does it, None for the operator, who may leave a wall without an owner. Raises NotOwner,
    LastOwner, and SQLAlchemy's NoResultFound when the wall does not exist.
    """
    wall = (await session.scalars(Wall.locked_numbered(wall_id))).one()
    if by is not None and not await _owns(by, wall, session):
        raise NotOwner
    membership = await session.scalar(Membership.of(moderator.id, wall.id))
    former = membership.role if membership else None
    if role == former:
        return False

    if membership is None:
        session.add(Membership(moderator_id=moderator.id, wall_id=wall.id, role=role))
    elif role is None:
        await session.delete(membership)
    else:
        membership.role = role
    await session.flush()
    if former == OWNER:
        if by is not None and not await session.scalar(Membership.owners(wall.id)):
            raise LastOwner
        await session.execute(Invitation.delete_invitations(wall.id, by=moderator.id))
    session.add(
        Act(
            wall_id=wall.id,
            verb=APPOINT,
            moderator_id=by.id if by else None,
            moderator_name=by.name if by else OPERATOR,
            before={"moderator": moderator.name, "role": former, "then": role},
        )
    )
    return True


async def _owns(moderator: Moderator, wall: Wall, session: AsyncSession) -> bool:
    membership = await session.scalar(Membership.of(moderator.id, wall.id))
    return membership is not None and membership.is_owner
