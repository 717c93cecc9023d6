"""The account page: changing the password, and the list of open sessions."""

import asyncio

from quart import Blueprint, Response, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..models import LoginSession, Moderator
from ..web.forms import read_form
from ..web.state import database, state
from . import sessions
from .authentication import authenticate
from .forms import PasswordForm
from .login_throttle import TooManyAttempts
from .passwords import TooManyHashes
from .sessions import staff_page

views = Blueprint("accounts", __name__)

WRONG = "This is not your current password."
DONE = {
    "password": "Password changed. You are logged out everywhere else.",
    "logins": "You are logged out everywhere else.",
}


@views.get("/settings/account")
async def show() -> Response:
    moderator = await sessions.require_moderator()
    return await _page(moderator, PasswordForm(name=moderator.name), done=DONE.get(request.args.get("done", ""), ""))


@views.post("/settings/account")
async def change_password() -> Response:
    """Change the password, if the current one is right. Every other session ends; this one gets a new token."""
    moderator = await sessions.require_moderator()
    form = PasswordForm(await read_form(), name=moderator.name)

    # In a thread: checking a password's strength takes CPU time.
    if not await asyncio.to_thread(form.validate):
        return await _page(moderator, form, status=422)
    try:
        session = await sessions.login()
        found = await authenticate(
            moderator.name, form.old_password.data or "", in_session=session.id if session else None
        )
        if found is None:
            form.old_password.errors = [WRONG]
            return await _page(moderator, form, status=422)
        hashed = await state().passwords.known.hashed(form.password.data or "")
    except (TooManyAttempts, TooManyHashes) as refusal:
        answer = await _page(moderator, form, str(refusal), 429 if isinstance(refusal, TooManyAttempts) else 503)
        answer.headers["Retry-After"] = str(refusal.seconds)
        return answer

    changed = await database().write(lambda session: _change(found, hashed, session))
    return await _new_session(changed, "password")


@views.post("/settings/account/logins")
async def log_out_elsewhere() -> Response:
    """End all sessions, and open a new one for this browser."""
    moderator = await sessions.require_moderator()
    await database().write(lambda session: session.execute(LoginSession.delete_all(moderator.id)))
    return await _new_session(moderator, "logins")


async def _change(moderator: Moderator, hashed: str, session: AsyncSession) -> Moderator | None:
    found = await sessions.lock_unchanged(moderator, session)
    if found is not None:
        found.password = hashed
        await session.execute(LoginSession.delete_all(found.id))
    return found


async def _new_session(moderator: Moderator | None, done: str) -> Response:
    """Open a new session, since all have ended, and redirect to the page. Raises LoggedOut if that fails."""
    token = await sessions.open_login(moderator) if moderator else None
    if token is None:
        raise sessions.LoggedOut
    answer = Response("", 303, {"Location": f"/settings/account?done={done}"})
    sessions.set_cookie(answer, token)
    return answer


async def _page(
    moderator: Moderator, form: PasswordForm, notice: str = "", status: int = 200, *, done: str = ""
) -> Response:
    current = await sessions.login()
    async with database().reading() as session:
        logins = (await session.scalars(LoginSession.of(moderator.id, now()))).all()
    return await staff_page(
        "accounts/account.html",
        status,
        form=form,
        notice=notice,
        done=done,
        logins=logins,
        current=current.id if current else None,
    )
