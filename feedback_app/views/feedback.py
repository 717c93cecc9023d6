"""Feedback: writing it, reading older slices of it, and its permanent address."""

from typing import cast

from quart import Blueprint, Response, abort, current_app, g, request

from ..authors import authors_at
from ..clock import now
from ..config import Settings
from ..database import database
from ..finding import NO_WALL, before_in_query, find_arranged, find_feedback, find_wall
from ..forms import Composer, read_form
from ..jinja import render
from ..listing import listed
from ..models import Feedback, Post, Wall
from ..pages import answer, composer, unchanged, wall_page, wants_fragment
from ..place import Place
from ..receipts import receipts
from ..receiving import Blocked, Closed, NoWall, TooOften, receive
from ..sentences import Sentence
from ..stamps import Stamps

views = Blueprint("feedback", __name__)

EXPIRED = Sentence("This page had been open for long. Your words are still here: please post them once more.")
CLOSED = Sentence("This wall takes nothing new at the moment. Your words were not stored: copy them if you need them.")
BLOCKED = Sentence("You cannot write on this wall for now. Your words were not stored: copy them if you need them.")
TRAPPED = Sentence("Only robots fill in the hidden field. Your words are still here: please post them once more.")


@views.post("/walls/<slug>/feedback")
async def write(slug: str) -> Response:
    """One entry for one form, however often it arrives."""
    fields = await read_form()
    wall = await find_arranged(slug)
    place, form = Place.of_form(wall.slug, request.args), Composer.on(wall, fields)

    if not form.validate():
        return await _again(place, form, 422)
    if distrust := _distrust(form, wall):
        return await _again(place, form, 422, distrust)

    try:
        received = await database().write_together(receive, _post(wall, form))
    except TooOften as often:
        refusal = await _again(place, form, 429, _patience(often.seconds))
        refusal.headers["Retry-After"] = str(often.seconds)
        return refusal
    except NoWall:
        abort(404, NO_WALL)
    except Closed:
        abort(403, CLOSED)
    except Blocked:
        abort(403, BLOCKED)

    receipt = "" if received.is_public else receipts().make(wall.id, received.id)
    if wants_fragment():
        values = {"wall": wall, "place": place, "thanks": received, "receipt": receipt, **composer(wall)}
        return Response(render("feedback/_received.html", **values), 201)
    return Response("", 303, {"Location": place.address(thanks=receipt or received.id)})


@views.get("/walls/<slug>/waiting")
async def waiting(slug: str) -> Response:
    """How it is now with what somebody has receipts for: it waits, marked as that, or it is public, or on no screen.

    The header `Receipts` names those that wait, so that the page asks for no others again.
    """
    async with database().reading() as session:
        wall = await find_wall(slug, session)
        given = receipts().read(request.args.getlist("of"), wall.id)
        found = (await session.scalars(Feedback.among(wall.id, given))).all() if given else []
    html = "".join(render("live/_own.html", wall=wall, feedback=each, receipt=given[each.id]) for each in found)
    still = " ".join(given[each.id] for each in found if each.is_waiting)
    return Response(html, headers={"Cache-Control": "no-store", "Receipts": still})


@views.get("/walls/<slug>/feedback")
async def older(slug: str) -> Response:
    """A slice of the list, a fragment: what is older than `before`, or the newest."""
    place, before = Place.of_form(slug, request.args), before_in_query()
    async with database().reading() as session:
        wall = await find_wall(slug, session)

        if same := unchanged(wall):
            return same

        shown = await listed(wall.id, session, before=before, size=place.look.limit)
    return answer(render("feedback/_slice.html", wall=wall, place=place, slice=shown, before=before), wall)


@views.get("/walls/<slug>/feedback/<int:number>")
async def show(slug: str, number: int) -> Response:
    async with database().reading() as session:
        wall = await find_wall(slug, session)
        feedback = await find_feedback(wall, number, session)

    if same := unchanged(wall):
        return same
    return answer(render("feedback/show.html", wall=wall, place=Place(slug), feedback=feedback), wall)


def _post(wall: Wall, form: Composer) -> Post:
    settings = cast("Settings", current_app.extensions["settings"])
    at = now()
    return Post.of(
        wall_id=wall.id,
        name=str(form.name.data),
        text=str(form.text.data),
        authors=authors_at(request.remote_addr or "", at, current_app.extensions["keys"]),
        at=at,
        given=form.key.data or "",
        limits=settings.post_limits(),
    )


def _distrust(form: Composer, wall: Wall) -> str | None:
    """Why this form does not seem to come from a person who has our page open, as a sentence to them."""
    if not current_app.extensions["settings"].defences:
        return None
    if form.website.data:
        return TRAPPED
    stamps = cast("Stamps", current_app.extensions["stamps"])
    return None if stamps.is_good(form.stamp.data or "", wall.id, now()) else EXPIRED


async def _again(place: Place, form: Composer, status: int, notice: str = "") -> Response:
    """The form as it was sent, with what is wrong; htmx keeps the form it has where nothing is wrong with a field."""
    if wants_fragment() and status != 422:
        return Response(render("errors/_notice.html", wall=g.wall, sentence=notice), status)
    async with database().reading() as session:
        wall = await find_wall(place.slug, session)
        if wants_fragment():
            html = render(
                "feedback/_composer.html", wall=wall, place=place, thanks=None, **composer(wall, form, notice)
            )
        else:
            html = await wall_page(wall, place, session, form=form, notice=notice)
    return Response(html, status)


def _patience(seconds: int) -> Sentence:
    if seconds < 100:
        return Sentence.counted(
            "That was a lot in a short time. Your words are still here: please post them again in a second.",
            "That was a lot in a short time. Your words are still here: please post them again in %(num)s seconds.",
            seconds,
        )
    return Sentence(
        "That was a lot in a short time. Your words are still here: please post them again in %(minutes)s minutes.",
        minutes=-(-seconds // 60),
    )
