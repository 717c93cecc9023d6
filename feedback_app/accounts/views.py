"""Logging in and out, and the login page for whoever has to before they may do something."""

from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from ..models import LoginSession
from ..web.forms import read_form
from ..web.responses import wants_fragment
from ..web.state import database
from ..web.templates import render
from . import sessions
from .authentication import authenticate
from .deferred_form import FIELDS, HOME, DeferredRequest, own_path
from .forms import LoginForm
from .login_throttle import TooManyAttempts
from .passwords import TooManyHashes
from .sessions import staff_page

views = Blueprint("sessions", __name__)

WRONG = "Name or password is wrong."
ENDED = "Your session has ended, and nothing was done. Log in again: what you typed is kept until then."
OUT = "You are logged out."


@views.get("/login")
async def ask() -> Response:
    kept = DeferredRequest(own_path(request.args.get("next", "")) or HOME)
    if await sessions.moderator():
        return _to(kept.next)
    return await _page(LoginForm(), kept, done=OUT if "out" in request.args else "")


@views.post("/login")
async def log_in() -> Response:
    sent = await read_form(FIELDS)
    form, kept = LoginForm(sent), DeferredRequest.of_login(sent)

    if not form.validate():
        return await _page(form, kept, status=422)
    try:
        moderator = await authenticate(form.name.data or "", form.password.data or "")
    except (TooManyAttempts, TooManyHashes) as refusal:
        answer = await _page(form, kept, str(refusal), 429 if isinstance(refusal, TooManyAttempts) else 503)
        answer.headers["Retry-After"] = str(refusal.seconds)
        return answer
    token = await sessions.open_login(moderator) if moderator else None
    if moderator is None or token is None:
        return await _page(form, kept, WRONG, 401)

    answer = Response(render("sessions/kept.html", kept=kept, moderator=moderator)) if kept.action else _to(kept.next)
    sessions.give_cookie(answer, token)
    sessions.give_device_cookie(answer, moderator)
    return answer


@views.post("/logout")
async def log_out() -> Response:
    token = sessions.token_of_request()
    await database().write(lambda session: session.execute(LoginSession.delete_session(token)))
    answer = _to("/login?out")
    sessions.take_cookie(answer)
    # What the browser kept of pages for the way back is for nobody any more.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@views.app_errorhandler(sessions.LoggedOut)
async def ask_first(_: sessions.LoggedOut) -> Response:
    """The login page, which leads back; a form that was sent is carried along through it."""
    form = None if request.method in ("GET", "HEAD") else await _sent()
    kept = DeferredRequest.of_request(form)

    if wants_fragment():
        return Response(render("sessions/_logged_out.html", next=kept.next), 401)
    if form is None:
        return _to(kept.login)
    return await _page(LoginForm(), kept, ENDED if kept.action else "", 401)


async def _sent() -> MultiDict[str, str]:
    try:
        return await read_form(FIELDS)
    except HTTPException:
        return MultiDict()


async def _page(
    form: LoginForm, kept: DeferredRequest, notice: str = "", status: int = 200, *, done: str = ""
) -> Response:
    return await staff_page("sessions/login.html", status, form=form, kept=kept, notice=notice, done=done)


def _to(address: str) -> Response:
    return Response("", 303, {"Location": address})
