"""Invitations: one-time links to make an account, for the first moderator and for invited ones."""

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
    """Another moderator has this name."""


@dataclass(frozen=True)
class Offer:
    """What a valid invitation offers: a role on `wall`, or for the first moderator, with None, on every wall."""

    wall: Wall | None
    role: str


async def offer_first(database: Database) -> str | None:
    """A token for the first moderator, None when there is one. Tokens of earlier starts expire."""
    token = secrets.token_urlsafe(32)

    async def work(session: AsyncSession) -> bool:
        is_first = not await session.scalar(Moderator.count())
        for invitation in (await session.scalars(Invitation.firsts())).all():
            if not is_first or invitation.created_at < now() - CONCURRENT_STARTS:
                await session.delete(invitation)
        if is_first:
            session.add(Invitation.first(token))
        return is_first

    return token if await database.write(work) else None


async def find_offer(token: str, session: AsyncSession) -> Offer | None:
    """The offer of a token, None when it is used, expired or unknown."""
    invitation = await session.scalar(Invitation.with_token(token, now()))
    if invitation is None or (invitation.is_first and await session.scalar(Moderator.count())):
        return None
    wall = await session.get(Wall, invitation.wall_id) if invitation.wall_id else None
    return Offer(wall, invitation.role or OWNER)


async def invite(wall: Wall, role: str, by: Moderator, most: int, session: AsyncSession) -> str | None:
    """A token for another moderator of the wall, None when `most` invitations are open already."""
    if len((await session.scalars(Invitation.invitations(wall.id, now()))).all()) >= most:
        return None
    token = secrets.token_urlsafe(32)
    session.add(Invitation.invitation(token, wall, role, by.id))
    return token


async def set_up(token: str, name: str, hashed: str, session: AsyncSession) -> Moderator | None:
    """Use the token and make the account; None when the token is not valid any more. Raises NameTaken."""
    firsts = (await session.scalars(Invitation.firsts())).all()
    invitation = await session.scalar(Invitation.locked(token, now()))
    if invitation is None or (invitation.is_first and await session.scalar(Moderator.count())):
        return None
    if await session.scalar(Moderator.called(name)):
        raise NameTaken

    moderator = Moderator.new(name, hashed)
    session.add(moderator)
    try:
        await session.flush()
    except IntegrityError as error:  # Another process made an account with this name after the check.
        raise NameTaken from error
    walls = (
        (await session.scalars(Wall.all())).all()
        if invitation.is_first
        else [await session.get_one(Wall, invitation.wall_id)]
    )
    for wall in walls:
        session.add(Membership(moderator_id=moderator.id, wall_id=wall.id, role=invitation.role or OWNER))
    for used in {invitation, *(firsts if invitation.is_first else ())}:
        await session.delete(used)
    return moderator
