"""Moderation: the desk of each wall, and the acts of moderators."""

from urllib.parse import urlencode

from quart import Blueprint, Response, abort, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts.sessions import note_refusal, require_moderator, require_wall
from ..models import Act, ActEntry, Membership, Moderator, Wall
from ..models.act import UNDO, ActRefused
from ..web.forms import read_form
from ..web.responses import wants_fragment
from ..web.state import database
from ..web.templates import render
from ..web.urls import parts_of
from . import acts, undo
from .acts import UNCHANGED, Done, NotFound, Notice, Order
from .forms import Acting
from .queue import View, counts, entries, log_address, parts

views = Blueprint("moderation", __name__)

# A thousand entries ticked by hand are to be told that these are too many, not that the form is.
FIELDS = 2_000
NOTHING = "There is no such feedback on a wall of yours. Nothing was done."


@views.get("/moderation")
async def index() -> Response:
    return Response(await _walls("moderation/index.html"))


@views.get("/moderation/walls")
async def walls() -> Response:
    """The list alone, for a page without a stream."""
    return Response(await _walls("moderation/_walls.html"))


@views.get("/walls/<slug>/moderation")
async def desk(slug: str) -> Response:
    return await _desk("moderation/desk.html", View.of(slug, request.args))


@views.get("/walls/<slug>/moderation/entries")
async def older(slug: str) -> Response:
    """The entries of a view alone: the next older ones, or all of them for a page that has to catch up."""
    return await _desk("moderation/_entries.html", View.of(slug, request.args))


@views.post("/moderation/acts")
async def act() -> Response:
    """Done to all of the entries or to none; a script gets them as they are now, a plain form is led back."""
    moderator = await require_moderator()
    form = Acting(await read_form(FIELDS))

    if not form.validate():
        abort(422, form.fault)
    try:
        done = await database().write(lambda session: _do(form, moderator, session))
    except NotFound:
        note_refusal(moderator)
        abort(404, NOTHING)
    except ActRefused as refusal:
        abort(409, str(refusal))

    if not wants_fragment():
        return Response("", 303, {"Location": _back(done)})
    async with database().reading() as session:
        shown = await entries(done.entries, done.wall.id, session)
        counted = (await counts([done.wall.id], session))[done.wall.id]
    return Response(render("moderation/_done.html", wall=done.wall, told=done.notice, entries=shown, counts=counted))


async def _walls(template: str) -> str:
    moderator = await require_moderator()
    async with database().reading() as session:
        found = (await session.scalars(Membership.walls(moderator.id))).all()
        counted = await counts([wall.id for wall in found], session)
    return render(template, moderator=moderator, walls=found, counts=counted)


async def _desk(template: str, view: View) -> Response:
    moderator = await require_moderator()
    async with database().reading() as session:
        wall = await require_wall(view.slug, session)
        shown = await parts(view, wall, session)
        counted = (await counts([wall.id], session))[wall.id]
        said = await notice_of_request(wall, session)
    return Response(render(template, moderator=moderator, wall=wall, view=view, parts=shown, counts=counted, told=said))


async def _do(form: Acting, moderator: Moderator, session: AsyncSession) -> Done:
    if form.verb.data == UNDO:
        return await undo.undo(form.act.data[0], moderator, session)
    return await acts.act(Order(str(form.verb.data), form.feedback.data, moderator, str(form.text.data)), session)


def _back(done: Done) -> str:
    """The page the form was on, which says what became of it."""
    outcome = {"act": done.act.id} if done.act else {"unchanged": 1}
    # The page may have been opened before the wall was renamed.
    if parts_of(request.referrer or "").path.endswith("/moderation/log"):
        return f"{log_address(done.wall.slug)}?{urlencode(outcome)}"
    return View.from_address(done.wall.slug, request.referrer or "").address(**outcome)


async def notice_of_request(wall: Wall, session: AsyncSession) -> Notice | None:
    number = request.args.get("act", "")
    if number.isascii() and number.isdigit() and len(number) < 19:
        done = await session.scalar(Act.on(wall.id, int(number)))
        if done is None:
            return None
        return Notice.of(done, [feedback for _, feedback in await session.execute(ActEntry.of(done.id))])
    return Notice(UNCHANGED) if "unchanged" in request.args else None
