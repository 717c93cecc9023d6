"""Who is asking, and what they may do here: the session of this request, and the walls it opens."""

import logging
import secrets
from datetime import timedelta
from typing import cast

from quart import Response, abort, g, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..models import LoginSession, Membership, Moderator, Wall
from ..models.login import LONGEST
from ..models.moderator import MODERATOR, OWNER
from ..walls.lookup import NOT_YOURS, redirect_reader
from ..web.middleware.sub_path import root
from ..web.security import is_secure, keep_private, session_cookie
from ..web.state import database, state
from ..web.templates import render

logger = logging.getLogger(__name__)

# Browsers keep no cookie for longer.
DEVICE = timedelta(days=400)


class LoggedOut(Exception):
    """Whoever asks has to log in first; they get the login page (views/sessions.py)."""


class OwnersOnly(Exception):
    """Only owners may do this: of this wall, which whoever asks moderates, or with None of any wall. They get a page
    that says so (views/memberships.py)."""

    def __init__(self, wall: Wall | None = None) -> None:
        super().__init__()
        self.wall = wall


async def moderator() -> Moderator | None:
    """Whose session this request belongs to. Asks the database once a request, so that what ended there ends here."""
    found = await _found()
    return found[0] if found else None


async def login() -> LoginSession | None:
    """The session itself."""
    found = await _found()
    return found[1] if found else None


async def require_moderator() -> Moderator:
    """The moderator who asks; anybody else is led to the login page, and what they sent along is kept there."""
    found = await moderator()
    if found is None:
        raise LoggedOut
    return found


async def require_wall(slug: str, session: AsyncSession, role: str = MODERATOR) -> Wall:
    """The wall, for somebody with at least this role there. Raises OwnersOnly for one who only moderates it; to any
    other moderator it is the same as no wall.

    At an address it had before, they are led to the new one, and what they send arrives.
    """
    found = await require_moderator()
    wall = await session.scalar(Membership.wall(Wall.named(slug), found.id))
    if wall is None:
        wall = await session.scalar(Membership.wall(Wall.formerly(slug), found.id))
        if wall is None:
            note_refusal(found)
            abort(404, NOT_YOURS)
        redirect_reader(wall, slug)
    membership = await session.scalar(Membership.of(found.id, wall.id)) if role == OWNER else None
    if role == OWNER and not (membership and membership.is_owner):
        note_refusal(found)
        raise OwnersOnly(wall)
    return wall


def note_refusal(by: Moderator) -> None:
    """Write into the server's log which account asked for what it may not do. A wall's own log has what was done."""
    logger.warning("Account %d may not do this: %s %s.", by.id, request.method, request.endpoint)


async def open_login(moderator: Moderator) -> str | None:
    """Open a session, and end the one that the browser had. Gives the token of the new one; None when the moderator is
    gone, or has another password, since they were recognised."""
    token, former = secrets.token_urlsafe(32), token_of_request()

    async def work(session: AsyncSession) -> bool:
        if await still(moderator, session) is None:
            return False
        await session.execute(LoginSession.delete_session(former))
        session.add(LoginSession.opened(moderator.id, token))
        return True

    return token if await database().write(work) else None


async def still(moderator: Moderator, session: AsyncSession) -> Moderator | None:
    """The moderator as they are now, locked, if they have the password that was looked at."""
    found = await session.scalar(Moderator.locked(moderator.id))
    return found if found is not None and found.password == moderator.password else None


def token_of_request() -> str:
    """The token that came with it, whether or not it opens anything."""
    keep_private()
    return request.cookies.get(cookie_name(), "")


def give_cookie(answer: Response, token: str) -> None:
    _set(answer, cookie_name(), token, LONGEST)


def give_device_cookie(answer: Response, moderator: Moderator) -> None:
    """Let the browser be known again when it comes to log in the next time."""
    subjects = state().subjects
    _set(answer, device_cookie_name(), subjects.device(moderator.id, secrets.token_urlsafe(16)), DEVICE, "/login")


def device_of_request() -> str:
    return request.cookies.get(device_cookie_name(), "")


def take_cookie(answer: Response) -> None:
    """Have the browser forget its session. The device stays known, since that opens nothing."""
    answer.delete_cookie(cookie_name(), path=root() or "/", secure=is_secure(), httponly=True, samesite="Lax")
    keep_private()


def cookie_name() -> str:
    return session_cookie(is_secure=is_secure(), is_below_path=bool(root()))


def device_cookie_name() -> str:
    """It is sent to the login only, and so cannot be `__Host-`."""
    return "__Secure-feedback-device" if is_secure() else "feedback-device"


def _set(answer: Response, name: str, value: str, lasting: timedelta, path: str = "") -> None:
    keep_private()
    path = root() + path or "/"
    answer.set_cookie(name, value, max_age=lasting, path=path, secure=is_secure(), httponly=True, samesite="Lax")


async def _found() -> tuple[Moderator, LoginSession] | None:
    if "login" not in g:
        g.login = await _look_up(token_of_request())
    return cast("tuple[Moderator, LoginSession] | None", g.login)


async def _look_up(token: str) -> tuple[Moderator, LoginSession] | None:
    if not token:
        return None
    at = now()
    async with database().reading() as session:
        row = (await session.execute(LoginSession.open_with(token, at))).first()
    if row is None:
        return None
    if row[1].needs_seen_update(at):
        await database().write(lambda session: session.execute(LoginSession.update_seen(row[1].id, at)))
    return row[0], row[1]


async def staff_page(template: str, status: int = 200, **values: object) -> Response:
    """A page for moderators, which says who is logged in."""
    return Response(render(template, moderator=await moderator(), **values), status)
