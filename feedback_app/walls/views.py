"""The pages that visitors read: the list of walls, a wall with older entries (pagination), and a single entry."""

from quart import Blueprint, Response, request

from ..models import Feedback, Wall
from ..text.translation import first_of
from ..web.assets import LONGEST_ACCEPT
from ..web.responses import answer, unchanged
from ..web.security import keep_unlisted, own_address
from ..web.state import database, state
from ..web.templates import render
from .location import Location
from .lookup import before_in_query, find_feedback, find_wall
from .page import listed, own_entry, wall_page

views = Blueprint("walls", __name__)
# `posting/views.py` adds the route for posts.
feedback_views = Blueprint("feedback", __name__)


@views.get("/")
async def index() -> Response:
    async with database().reading() as session:
        walls = (await session.scalars(Wall.listed())).all()

    if len(walls) == 1:
        return Response("", 302, {"Location": Location(walls[0].slug).address()})
    # This page belongs to no wall, so the browser's languages decide.
    accepted = request.headers.get("Accept-Language", "")
    language = first_of(request.accept_languages.values() if len(accepted) <= LONGEST_ACCEPT else ())
    headers = {"Vary": "Accept-Language"}
    return Response(render("walls/index.html", walls=walls, language=language), headers=headers)


@views.get("/walls/<slug>")
async def show(slug: str) -> Response:
    return await _page(Location(slug))


@views.get("/walls/<slug>/frame")
async def frame(slug: str) -> Response:
    return await _page(Location.frame(slug, request.args))


@feedback_views.get("/walls/<slug>/waiting")
async def waiting(slug: str) -> Response:
    """The visitor's own entries, named by author tokens in `?of=`: held, published, or empty when hidden.

    The header `Receipts` lists the tokens of entries still held, so that the page asks for no others again.
    """
    keep_unlisted()
    async with database().reading() as session:
        wall = await find_wall(slug, session)
        tokens = state().author_tokens.read(request.args.getlist("of"), wall.id)
        found = (await session.scalars(Feedback.among(wall.id, tokens))).all() if tokens else []
    html = "".join(render("live/_own_entry.html", wall=wall, feedback=each, receipt=tokens[each.id]) for each in found)
    held = " ".join(tokens[each.id] for each in found if each.is_waiting)
    return Response(html, headers={"Cache-Control": "no-store", "Receipts": held})


@feedback_views.get("/walls/<slug>/feedback")
async def older(slug: str) -> Response:
    """A fragment with the next page of entries: those older than `before`, or the newest."""
    place, before = Location.of_form(slug, request.args), before_in_query()
    keep_unlisted()
    async with database().reading() as session:
        wall = await find_wall(slug, session)

        if same := unchanged(wall):
            return same

        page = await listed(wall.id, session, before=before, size=place.look.limit)
    return answer(render("walls/feedback/_entries.html", wall=wall, location=place, page=page, before=before), wall)


@feedback_views.get("/walls/<slug>/feedback/<int:number>", endpoint="show")
async def entry(slug: str, number: int) -> Response:
    async with database().reading() as session:
        wall = await find_wall(slug, session)
        feedback = await find_feedback(wall, number, session)

    if same := unchanged(wall):
        return same
    printed = f"{own_address()}/walls/{slug}/feedback/{number}"
    html = render("walls/feedback/show.html", wall=wall, location=Location(slug), feedback=feedback, printed=printed)
    return answer(html, wall)


async def _page(place: Location) -> Response:
    before = before_in_query()
    async with database().reading() as session:
        wall = await find_wall(place.slug, session)

        own = await own_entry(wall, session)
        if own is not None:
            # It can change without a new version of the wall, and is for one visitor only.
            html = await wall_page(wall, place, session, before=before, own=own)
            return Response(html, headers={"Cache-Control": "no-store"})

        if same := unchanged(wall, has_form=before is None):
            return same
        return answer(await wall_page(wall, place, session, before=before), wall, has_form=before is None)
