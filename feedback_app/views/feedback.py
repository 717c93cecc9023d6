"""Feedback: writing it, reading older slices of it, and its permanent address."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from quart import Blueprint, Response, current_app, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..authors import authors_at
from ..config import Settings
from ..database import database
from ..finding import before_in_query, find_feedback, find_wall
from ..forms import Composer, read_form
from ..jinja import render
from ..limits import seconds_to_wait
from ..models import Feedback, Wall
from ..models.feedback import Slice, key_of
from ..pages import answer, composer, unchanged, wall_page, wants_fragment
from ..place import Place
from ..stamps import Stamps

views = Blueprint("feedback", __name__)

EXPIRED = "This page had been open for long. Your words are still here: please post them once more."
TRAPPED = "Only robots fill in the hidden field. Your words are still here: please post them once more."
SAME_WORDS = timedelta(minutes=1)
KEY = re.compile(r"[A-Za-z0-9_-]{8,128}")


@views.post("/walls/<slug>/feedback")
async def write(slug: str) -> Response:
    """One entry for one form, however often it arrives."""
    place = Place.of_form(slug, request.args)
    form = Composer(await read_form())
    async with database().reading() as session:
        wall = await find_wall(slug, session)

    if not form.validate():
        return await _again(place, form, 422)
    if distrust := _distrust(form, wall):
        return await _again(place, form, 422, distrust)

    received = await database().write(_receiving(slug, form))

    if isinstance(received, int):
        refusal = await _again(place, form, 429, _patience(received))
        refusal.headers["Retry-After"] = str(received)
        return refusal
    if wants_fragment():
        return Response(
            render("feedback/_received.html", wall=wall, place=place, thanks=received, **composer(wall)), 201
        )
    return Response("", 303, {"Location": place.address(thanks=received.id)})


@views.get("/walls/<slug>/feedback")
async def older(slug: str) -> Response:
    """A slice of the list, a fragment: what is older than `before`, or the newest."""
    place, before = Place.of_form(slug, request.args), before_in_query()
    async with database().reading() as session:
        wall = await find_wall(slug, session)

        if same := unchanged(wall):
            return same

        size = place.look.limit
        found = (await session.scalars(Feedback.published_on(wall.id, before=before, size=size))).all()
    return answer(render("feedback/_slice.html", wall=wall, place=place, slice=Slice(found, size)), wall)


@views.get("/walls/<slug>/feedback/<int:number>")
async def show(slug: str, number: int) -> Response:
    async with database().reading() as session:
        wall = await find_wall(slug, session)
        feedback = await find_feedback(wall, number, session)

    if same := unchanged(wall):
        return same
    return answer(render("feedback/show.html", wall=wall, place=Place(slug), feedback=feedback), wall)


def _receiving(slug: str, form: Composer) -> Callable[[AsyncSession], Awaitable[Feedback | int]]:
    """What is to be done in the transaction: gives the entry, new or already there, or the seconds to wait."""
    settings = cast("Settings", current_app.extensions["settings"])
    at = datetime.now(UTC)
    authors = authors_at(request.remote_addr or "", at, current_app.extensions["secret_key"])
    name, text = str(form.name.data), str(form.text.data)
    given = form.key.data or ""
    key = key_of(given, name, text) if KEY.fullmatch(given) else None

    async def receive(session: AsyncSession) -> Feedback | int:
        wall = (await session.scalars(Wall.locked(slug))).one()
        same = (
            Feedback.kept_under(wall.id, key)
            if key
            else Feedback.repeated(wall.id, authors, name=name, text=text, since=at - SAME_WORDS)
        )
        if earlier := await session.scalar(same):
            return earlier
        if seconds := await seconds_to_wait(settings.post_limits(), authors, session):
            return seconds
        feedback = wall.receive(name=name, text=text, author=authors[0], key=key)
        session.add(feedback)
        await session.flush()
        return feedback

    return receive


def _distrust(form: Composer, wall: Wall) -> str | None:
    """Why this form does not seem to come from a person who has our page open, as a sentence to them."""
    if not current_app.extensions["settings"].defences:
        return None
    if form.website.data:
        return TRAPPED
    stamps = cast("Stamps", current_app.extensions["stamps"])
    return None if stamps.is_good(form.stamp.data or "", wall.slug, datetime.now(UTC)) else EXPIRED


async def _again(place: Place, form: Composer, status: int, notice: str = "") -> Response:
    """The form as it was sent, with what is wrong; htmx keeps the form it has where nothing is wrong with a field."""
    if wants_fragment() and status != 422:
        return Response(render("errors/_notice.html", sentence=notice), status)
    async with database().reading() as session:
        wall = await find_wall(place.slug, session)
        if wants_fragment():
            html = render(
                "feedback/_composer.html", wall=wall, place=place, thanks=None, **composer(wall, form, notice)
            )
        else:
            html = await wall_page(wall, place, session, form=form, notice=notice)
    return Response(html, status)


def _patience(seconds: int) -> str:
    wait = f"{seconds} seconds" if seconds < 100 else f"{-(-seconds // 60)} minutes"
    return f"That was a lot in a short time. Your words are still here: please post them again in {wait}."
