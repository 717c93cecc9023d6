"""Login and logout, and the login page in place of a page that needs a login."""

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
    deferred = DeferredRequest(own_path(request.args.get("next", "")) or HOME)
    if await sessions.moderator():
        return _to(deferred.next)
    return await _page(LoginForm(), deferred, done=OUT if "out" in request.args else "")


@views.post("/login")
async def log_in() -> Response:
    """Check the password, open a session, and continue to `next` or to the deferred form."""
    sent = await read_form(FIELDS)
    form, deferred = LoginForm(sent), DeferredRequest.of_login(sent)

    if not form.validate():
        return await _page(form, deferred, status=422)
    try:
        moderator = await authenticate(form.name.data or "", form.password.data or "")
    except (TooManyAttempts, TooManyHashes) as refusal:
        answer = await _page(form, deferred, str(refusal), 429 if isinstance(refusal, TooManyAttempts) else 503)
        answer.headers["Retry-After"] = str(refusal.seconds)
        return answer
    token = await sessions.open_login(moderator) if moderator else None
    if moderator is None or token is None:
        return await _page(form, deferred, WRONG, 401)

    answer = (
        Response(render("accounts/deferred_form.html", deferred=deferred, moderator=moderator))
        if deferred.action
        else _to(deferred.next)
    )
    sessions.set_cookie(answer, token)
    sessions.set_device_cookie(answer, moderator)
    return answer


@views.post("/logout")
async def log_out() -> Response:
    """End the session, delete its cookie and clear the browser's cache."""
    token = sessions.token_of_request()
    await database().write(lambda session: session.execute(LoginSession.delete_session(token)))
    answer = _to("/login?out")
    sessions.delete_cookie(answer)
    # The back button must not show cached pages after the logout.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@views.app_errorhandler(sessions.LoggedOut)
async def ask_first(_: sessions.LoggedOut) -> Response:
    """Respond to LoggedOut with the login page; it carries a form that was sent along."""
    form = None if request.method in ("GET", "HEAD") else await _sent()
    deferred = DeferredRequest.of_request(form)

    if wants_fragment():
        return Response(render("accounts/_logged_out.html", next=deferred.next), 401)
    if form is None:
        return _to(deferred.login)
    return await _page(LoginForm(), deferred, ENDED if deferred.action else "", 401)


async def _sent() -> MultiDict[str, str]:
    try:
        return await read_form(FIELDS)
    except HTTPException:
        return MultiDict()


async def _page(
    form: LoginForm, deferred: DeferredRequest, notice: str = "", status: int = 200, *, done: str = ""
) -> Response:
    return await staff_page("accounts/login.html", status, form=form, deferred=deferred, notice=notice, done=done)


def _to(address: str) -> Response:
    return Response("", 303, {"Location": address})
