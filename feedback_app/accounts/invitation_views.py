"""The setup page: a one-time link at which the first moderator or an invited one makes an account."""

import asyncio

from quart import Blueprint, Response, abort, request

from ..web.forms import read_form
from ..web.security import keep_private
from ..web.state import database, state
from . import sessions
from .deferred_form import HOME
from .forms import SetupForm
from .invitations import NameTaken, Offer, find_offer, set_up
from .passwords import TooManyHashes
from .sessions import staff_page

views = Blueprint("setups", __name__)

GONE = (
    "This link no longer works: it was used, or it has expired. Ask the person who gave it to you for a new one; "
    "while there is no moderator at all, the server prints one whenever it starts."
)
TAKEN = "There is a moderator of this name already. Choose another name."


@views.get("/setup")
async def ask() -> Response:
    token = request.args.get("token", "")
    return await _page(SetupForm(), token, await _find(token))


@views.post("/setup")
async def make() -> Response:
    """Make the account and log in. Aborts with 404 for an invalid token, and with 503 when hashing is overloaded."""
    sent = await read_form()
    form, token = SetupForm(sent), sent.get("token", "")
    offer = await _find(token)

    # In a thread: checking a password's strength takes CPU time.
    if not await asyncio.to_thread(form.validate):
        return await _page(form, token, offer, 422)
    try:
        hashed = await state().passwords.known.hashed(form.password.data or "")
        moderator = await database().write(lambda session: set_up(token, form.name.data or "", hashed, session))
    except NameTaken:
        form.name.errors = [TAKEN]
        return await _page(form, token, offer, 422)
    except TooManyHashes as refusal:
        abort(503, str(refusal))
    if moderator is None:
        abort(404, GONE)

    answer = Response("", 303, {"Location": HOME})
    if opened := await sessions.open_login(moderator):
        sessions.set_cookie(answer, opened)
        sessions.set_device_cookie(answer, moderator)
    return answer


async def _find(token: str) -> Offer:
    keep_private()
    async with database().reading() as session:
        return await find_offer(token, session) or abort(404, GONE)


async def _page(form: SetupForm, token: str, offer: Offer, status: int = 200) -> Response:
    return await staff_page(
        "accounts/invitation.html", status, form=form, token=token, wall=offer.wall, role=offer.role
    )
