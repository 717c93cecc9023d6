"""Recognising somebody by name and password: not too often, and the same for everybody, whether or not there is one."""

from collections.abc import Sequence

from quart import request
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..models import LoginAttempt, Moderator
from ..models.moderator import NAME_LENGTH, login_of
from ..text.cleaning import InvalidText, clean
from ..web.middleware.network import crowd_of
from ..web.state import database, state
from .login_throttle import attempt, check
from .passwords import is_outdated
from .sessions import device_of_request, still


async def authenticate(name: str, password: str, *, in_session: int | None = None) -> Moderator | None:
    """Who this is; asked in a session, its tries are counted by themselves. Raises TooManyAttempts, Busy."""
    passwords = state().passwords
    login = login_of(_cleaned(name))
    async with database().reading() as session:
        found = await session.scalar(Moderator.with_login(login))
        subjects, is_known = _subjects(login, found, in_session)
        # To be counted takes the writer, to be refused does not: however often that is, no post waits for it.
        await check(subjects, now(), session)

    queue = passwords.known if is_known else passwords.strangers
    async with queue.turn("" if is_known else crowd_of(request.remote_addr or "")):
        attempts = await database().write(lambda session: attempt(subjects, session))
        if not await queue.matches(password, found.password if found else None) or found is None:
            return None

    hashed = await queue.hashed(password) if is_outdated(found.password) else found.password
    return await database().write(lambda session: _settle(found, hashed, attempts, session))


async def _settle(
    moderator: Moderator, hashed: str, attempts: Sequence[LoginAttempt], session: AsyncSession
) -> Moderator | None:
    """Whoever is recognised did not try in vain, and gets a hash as they are made today."""
    await session.execute(LoginAttempt.delete_attempts([each.id for each in attempts]))
    found = await still(moderator, session)
    if found is not None:
        found.password = hashed
    return found


def _subjects(login: str, found: Moderator | None, in_session: int | None) -> tuple[list[str], bool]:
    """Whose tries this one is counted with, and whether a session or device is known."""
    subjects = state().subjects
    if in_session is not None:
        return subjects.of_session(in_session), True
    known = subjects.of_device(device_of_request(), found.id) if found else []
    return known or subjects.of(login, request.remote_addr or ""), bool(known)


def _cleaned(name: str) -> str:
    """The name as names are stored; what cannot be one is nobody's."""
    try:
        return clean(name, most=NAME_LENGTH, most_code_points=NAME_LENGTH, lines=False)
    except InvalidText:
        return ""
