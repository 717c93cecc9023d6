"""Pages of the moderation queue, and the address to which acts are posted."""

from urllib.parse import urlencode

from quart import Blueprint, Response, abort, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts.sessions import note_refusal, require_moderator, require_wall
from ..models import Act, ActEntry, Membership, Moderator, Wall
from ..models.act import UNDO, ActRefused
from ..text.numbers import parse_id
from ..web.forms import read_form
from ..web.responses import wants_fragment
from ..web.state import database
from ..web.templates import render
from ..web.urls import parts_of
from . import acts, undo
from .acts import UNCHANGED, Done, NotFound, Notice, Order
from .forms import ActForm
from .queue import View, counts, entries, log_address, parts

views = Blueprint("moderation", __name__)

# High enough that too many ticked entries reach the form, which has the better error message.
FIELDS = 2_000
NOTHING = "There is no such feedback on a wall of yours. Nothing was done."


@views.get("/moderation")
async def index() -> Response:
    return Response(await _wall_list("moderation/index.html"))


@views.get("/moderation/walls")
async def walls() -> Response:
    """The list as a fragment, for a page without a stream."""
    return Response(await _wall_list("moderation/_walls.html"))


@views.get("/walls/<slug>/moderation")
async def desk(slug: str) -> Response:
    return await _queue_page("moderation/queue.html", View.of(slug, request.args))


@views.get("/walls/<slug>/moderation/entries")
async def older(slug: str) -> Response:
    """The entries of a view as a fragment: the next page, or all of them for a page that has to catch up."""
    return await _queue_page("moderation/_entries.html", View.of(slug, request.args))


@views.post("/moderation/acts")
async def act() -> Response:
    """Applied to all entries or to none. htmx gets the changed entries, a plain form a redirect to its page."""
    moderator = await require_moderator()
    form = ActForm(await read_form(FIELDS))

    if not form.validate():
        abort(422, form.fault)
    try:
        done = await database().write(lambda session: _apply(form, moderator, session))
    except NotFound:
        note_refusal(moderator)
        abort(404, NOTHING)
    except ActRefused as refusal:
        abort(409, str(refusal))

    if not wants_fragment():
        return Response("", 303, {"Location": _return_address(done)})
    async with database().reading() as session:
        shown = await entries(done.entries, done.wall.id, session)
        counted = (await counts([done.wall.id], session))[done.wall.id]
    return Response(
        render("moderation/_act_done.html", wall=done.wall, notice=done.notice, entries=shown, counts=counted)
    )


async def _wall_list(template: str) -> str:
    moderator = await require_moderator()
    async with database().reading() as session:
        found = (await session.scalars(Membership.walls(moderator.id))).all()
        counted = await counts([wall.id for wall in found], session)
    return render(template, moderator=moderator, walls=found, counts=counted)


async def _queue_page(template: str, view: View) -> Response:
    moderator = await require_moderator()
    async with database().reading() as session:
        wall = await require_wall(view.slug, session)
        shown = await parts(view, wall, session)
        counted = (await counts([wall.id], session))[wall.id]
        notice = await notice_of_request(wall, session)
    return Response(
        render(template, moderator=moderator, wall=wall, view=view, parts=shown, counts=counted, notice=notice)
    )


async def _apply(form: ActForm, moderator: Moderator, session: AsyncSession) -> Done:
    if form.verb.data == UNDO:
        return await undo.undo(form.act.data[0], moderator, session)
    return await acts.act(Order(str(form.verb.data), form.feedback.data, moderator, str(form.text.data)), session)


def _return_address(done: Done) -> str:
    """The address of the form's page, with the outcome in its query."""
    outcome = {"act": done.act.id} if done.act else {"unchanged": 1}
    # The page may be older than the wall's current address.
    if parts_of(request.referrer or "").path.endswith("/moderation/log"):
        return f"{log_address(done.wall.slug)}?{urlencode(outcome)}"
    return View.from_address(done.wall.slug, request.referrer or "").address(**outcome)


async def notice_of_request(wall: Wall, session: AsyncSession) -> Notice | None:
    """The notice of the act that the query names."""
    if number := parse_id(request.args.get("act", "")):
        done = await session.scalar(Act.on(wall.id, number))
        if done is None:
            return None
        return Notice.of(done, [feedback for _, feedback in await session.execute(ActEntry.of(done.id))])
    return Notice(UNCHANGED) if "unchanged" in request.args else None
