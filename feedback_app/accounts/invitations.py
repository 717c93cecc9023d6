"""Making accounts by one-time addresses: the first one when a server starts, and those of the invited."""

import secrets
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..database import Database
from ..models import Invitation, Membership, Moderator, Wall
from ..models.invitation import CONCURRENT_STARTS
from ..models.moderator import OWNER


class NameTaken(Exception):
    """Somebody is called like this already."""


@dataclass(frozen=True)
class Offer:
    """What an address that still works offers: a role on a wall or, to the first of all, every wall."""

    wall: Wall | None
    role: str


async def offer_first(database: Database) -> str | None:
    """A token for the first moderator, while there is none. It makes those of earlier starts void."""
    token = secrets.token_urlsafe(32)

    async def work(session: AsyncSession) -> bool:
        is_first = not await session.scalar(Moderator.count())
        for setup in (await session.scalars(Invitation.firsts())).all():
            if not is_first or setup.created_at < now() - CONCURRENT_STARTS:
                await session.delete(setup)
        if is_first:
            session.add(Invitation.first(token))
        return is_first

    return token if await database.write(work) else None


async def find_offer(token: str, session: AsyncSession) -> Offer | None:
    setup = await session.scalar(Invitation.with_token(token, now()))
    if setup is None or (setup.is_first and await session.scalar(Moderator.count())):
        return None
    return Offer(await session.get(Wall, setup.wall_id) if setup.wall_id else None, setup.role or OWNER)


async def invite(wall: Wall, role: str, by: Moderator, most: int, session: AsyncSession) -> str | None:
    """A token for one more moderator of the wall; None where there are as many invitations as there may be."""
    if len((await session.scalars(Invitation.invitations(wall.id, now()))).all()) >= most:
        return None
    token = secrets.token_urlsafe(32)
    session.add(Invitation.invitation(token, wall, role, by.id))
    return token


async def set_up(token: str, name: str, hashed: str, session: AsyncSession) -> Moderator | None:
    """Use the address up and make the account; None where it was used by somebody else before. Raises NameTaken."""
    firsts = (await session.scalars(Invitation.firsts())).all()
    setup = await session.scalar(Invitation.locked(token, now()))
    if setup is None or (setup.is_first and await session.scalar(Moderator.count())):
        return None
    if await session.scalar(Moderator.called(name)):
        raise NameTaken

    moderator = Moderator.new(name, hashed)
    session.add(moderator)
    try:
        await session.flush()
    except IntegrityError as error:  # Another process has made one of this name since it was looked up.
        raise NameTaken from error
    walls = (
        (await session.scalars(Wall.all())).all() if setup.is_first else [await session.get_one(Wall, setup.wall_id)]
    )
    for wall in walls:
        session.add(Membership(moderator_id=moderator.id, wall_id=wall.id, role=setup.role or OWNER))
    for used in {setup, *(firsts if setup.is_first else ())}:
        await session.delete(used)
    return moderator
