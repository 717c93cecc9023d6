"""Password login: throttled, and in constant time whether or not the user exists."""

from collections.abc import Sequence

from quart import request
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..models import LoginAttempt, Moderator
from ..models.moderator import NAME_LENGTH, login_of
from ..text.cleaning import InvalidText, clean
from ..web.middleware.network import crowd_of
from ..web.state import database, state
from .login_throttle import check, record_attempt
from .passwords import is_outdated
from .sessions import device_of_request, lock_unchanged


async def authenticate(name: str, password: str, *, in_session: int | None = None) -> Moderator | None:
    """The moderator with this name and password, None when they do not match.

    With `in_session`, the id of an open session, attempts count for that session only. Raises TooManyAttempts when
    throttled and TooManyHashes when too many passwords are being checked.
    """
    passwords = state().passwords
    login = login_of(_cleaned(name))
    async with database().reading() as session:
        found = await session.scalar(Moderator.with_login(login))
        subjects, is_known = _subjects(login, found, in_session)
        # A refusal does not need the writer, so a flood of refused logins delays no post.
        await check(subjects, now(), session)

    queue = passwords.known if is_known else passwords.strangers
    async with queue.slot("" if is_known else crowd_of(request.remote_addr or "")):
        attempts = await database().write(lambda session: record_attempt(subjects, session))
        if not await queue.matches(password, found.password if found else None) or found is None:
            return None

    hashed = await queue.hashed(password) if is_outdated(found.password) else found.password
    return await database().write(lambda session: _settle(found, hashed, attempts, session))


async def _settle(
    moderator: Moderator, hashed: str, attempts: Sequence[LoginAttempt], session: AsyncSession
) -> Moderator | None:
    """Delete the attempts of a successful login, and store the hash with today's parameters."""
    await session.execute(LoginAttempt.delete_attempts([each.id for each in attempts]))
    found = await lock_unchanged(moderator, session)
    if found is not None:
        found.password = hashed
    return found


def _subjects(login: str, found: Moderator | None, in_session: int | None) -> tuple[list[str], bool]:
    """The subjects that this attempt counts for, and whether the session or device is known."""
    subjects = state().subjects
    if in_session is not None:
        return subjects.of_session(in_session), True
    known = subjects.of_device(device_of_request(), found.id) if found else []
    return known or subjects.of(login, request.remote_addr or ""), bool(known)


def _cleaned(name: str) -> str:
    """The name as it is stored; empty when it is not a valid name."""
    try:
        return clean(name, most=NAME_LENGTH, most_code_points=NAME_LENGTH, lines=False)
    except InvalidText:
        return ""
