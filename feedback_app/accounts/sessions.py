"""Login sessions: the moderator of a request, permissions on walls, session and device cookies."""

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

# The longest lifetime of a cookie in browsers.
DEVICE = timedelta(days=400)


class LoggedOut(Exception):
    """The request needs a login; the response is the login page (views.py)."""


class OwnersOnly(Exception):
    """The request is for owners of `wall`, which the moderator moderates, or with None for owners of any wall.

    The response is a page that names the owners (membership_views.py).
    """

    def __init__(self, wall: Wall | None = None) -> None:
        super().__init__()
        self.wall = wall


async def moderator() -> Moderator | None:
    """The moderator of this request, None without a login. Read from the database once per request."""
    found = await _found()
    return found[0] if found else None


async def login() -> LoginSession | None:
    """The login session of this request, None without a login."""
    found = await _found()
    return found[1] if found else None


async def require_moderator() -> Moderator:
    """The moderator of this request. Raises LoggedOut without a login."""
    found = await moderator()
    if found is None:
        raise LoggedOut
    return found


async def require_wall(slug: str, session: AsyncSession, role: str = MODERATOR) -> Wall:
    """The wall, if the moderator has this role on it; also at a former address.

    Raises LoggedOut, OwnersOnly for a moderator who is no owner, and WallMoved when a former address is read. Aborts
    with 404 for a wall of others, as if there were none.
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
    """Log that an account lacked a permission. The audit log has only what was done."""
    logger.warning("Account %d may not do this: %s %s.", by.id, request.method, request.endpoint)


async def open_login(moderator: Moderator) -> str | None:
    """Open a session and end the browser's former one (against session fixation); returns the new token.

    None when the moderator was removed, or changed the password, after the password check.
    """
    token, former = secrets.token_urlsafe(32), token_of_request()

    async def work(session: AsyncSession) -> bool:
        if await lock_unchanged(moderator, session) is None:
            return False
        await session.execute(LoginSession.delete_session(former))
        session.add(LoginSession.opened(moderator.id, token))
        return True

    return token if await database().write(work) else None


async def lock_unchanged(moderator: Moderator, session: AsyncSession) -> Moderator | None:
    """The moderator's current row, locked; None if it was deleted or its password has changed."""
    found = await session.scalar(Moderator.locked(moderator.id))
    return found if found is not None and found.password == moderator.password else None


def token_of_request() -> str:
    """The session token in the cookie, valid or not; empty without a cookie. Marks the response as private."""
    keep_private()
    return request.cookies.get(cookie_name(), "")


def set_cookie(answer: Response, token: str) -> None:
    """Set the session cookie."""
    _set(answer, cookie_name(), token, LONGEST)


def set_device_cookie(answer: Response, moderator: Moderator) -> None:
    """Set the cookie that identifies a known device at the next login."""
    subjects = state().subjects
    _set(answer, device_cookie_name(), subjects.device(moderator.id, secrets.token_urlsafe(16)), DEVICE, "/login")


def device_of_request() -> str:
    """The value of the device cookie, empty without one."""
    return request.cookies.get(device_cookie_name(), "")


def delete_cookie(answer: Response) -> None:
    """Delete the session cookie. The device cookie stays, since it grants no access."""
    answer.delete_cookie(cookie_name(), path=root() or "/", secure=is_secure(), httponly=True, samesite="Lax")
    keep_private()


def cookie_name() -> str:
    """The name of the session cookie."""
    return session_cookie(is_secure=is_secure(), is_below_path=bool(root()))


def device_cookie_name() -> str:
    """The name of the device cookie; its path is the login page, which `__Host-` does not allow."""
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
    """A rendered page for moderators, with `moderator` among its values."""
    return Response(render(template, moderator=await moderator(), **values), status)
