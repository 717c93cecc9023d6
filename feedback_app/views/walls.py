"""Walls to read: the list of them, and a wall's page with the pages of older feedback."""

from quart import Blueprint, Response, request

from ..assets import LONGEST_ACCEPT
from ..database import database
from ..finding import before_in_query, find_wall
from ..jinja import render
from ..languages import first_of
from ..models import Wall
from ..pages import answer, own_entry, unchanged, wall_page
from ..place import Place

views = Blueprint("walls", __name__)


@views.get("/")
async def index() -> Response:
    async with database().reading() as session:
        walls = (await session.scalars(Wall.listed())).all()

    if len(walls) == 1:
        return Response("", 302, {"Location": Place(walls[0].slug).address()})
    # It belongs to no wall whose language it could have.
    said = request.headers.get("Accept-Language", "")
    language = first_of(request.accept_languages.values() if len(said) <= LONGEST_ACCEPT else ())
    headers = {"Vary": "Accept-Language"}
    return Response(render("walls/index.html", walls=walls, language=language), headers=headers)


@views.get("/walls/<slug>")
async def show(slug: str) -> Response:
    return await _page(Place(slug))


@views.get("/walls/<slug>/frame")
async def frame(slug: str) -> Response:
    return await _page(Place.frame(slug, request.args))


async def _page(place: Place) -> Response:
    before = before_in_query()
    async with database().reading() as session:
        wall = await find_wall(place.slug, session)

        own = await own_entry(wall, session)
        if own is not None:
            # It can change without a version of the wall's, and is for one person.
            html = await wall_page(wall, place, session, before=before, own=own)
            return Response(html, headers={"Cache-Control": "no-store"})

        if same := unchanged(wall, has_form=before is None):
            return same
        return answer(await wall_page(wall, place, session, before=before), wall, has_form=before is None)
