"""Answers: the wall's page with its form in whichever state, conditional and compressed."""

import hashlib
import re
from datetime import timedelta
from typing import cast

from quart import Quart, Response, current_app, g, request
from sqlalchemy.ext.asyncio import AsyncSession

from . import auth
from .asgi import Scope
from .assets import takes_brotli
from .clock import now
from .forms import Composer
from .front import MADE_OF
from .front.ready import ENCODINGS, WORTH_COMPRESSING
from .jinja import render
from .listing import listed
from .models import Feedback, Wall
from .place import Place
from .receipts import LONGEST, receipts
from .security import allow_framing, own_address
from .stamps import Stamps
from .writing import EMPTY, Writing

# How long an address that somebody may have passed on thanks whoever opens it.
THANKS_LAST = timedelta(minutes=10)
# The number of an entry or a receipt for one, with what a sentence left behind it.
_THANKED = re.compile(r"([\w.-]*[\w-])\W*")
COMPRESSED = ("text/html", "application/feed+json", "application/atom+xml")


def init_app(app: Quart) -> None:
    app.before_request(take_edition)
    app.after_request(compress)


async def take_edition() -> None:
    """Before anything is made: were it taken afterwards, a page that was made while the hour or the secret changed
    would be kept as one that has the new stamp."""
    stamps = cast("Stamps", current_app.extensions["stamps"])
    g.edition = stamps.edition(now())


def wants_fragment() -> bool:
    """Whether htmx asks; only the answer to a write may depend on it."""
    return request.headers.get("HX-Request") == "true"


def made_of(wall: Wall) -> tuple[int, int, str]:
    """All that a public page depends on beside its address and our files; the last is the form's stamp."""
    return wall.id, wall.version, g.edition


def entity_tag(wall: Wall, *, has_form: bool = False) -> str:
    """What this address shows, made by these files; a form has a stamp, which changes every hour."""
    *wall_and_version, stamp = made_of(wall)
    parts = (current_app.extensions["edition"], *wall_and_version, stamp if has_form else "", request.full_path)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def unchanged(wall: Wall, *, has_form: bool = False) -> Response | None:
    """304 for a reader who has just this."""
    tag = entity_tag(wall, has_form=has_form)
    if not request.if_none_match.contains_weak(tag):
        return None
    answer = Response(status=304)
    answer.set_etag(tag, weak=True)
    answer.headers["Vary"] = "Accept-Encoding"
    del answer.headers["Content-Type"]
    return answer


def answer(body: str, wall: Wall, mimetype: str = "text/html", *, has_form: bool = False) -> Response:
    response = Response(body, mimetype=mimetype)
    response.set_etag(entity_tag(wall, has_form=has_form), weak=True)
    cast("Scope", request.scope)[MADE_OF] = made_of(wall)
    return response


async def wall_page(
    wall: Wall,
    place: Place,
    session: AsyncSession,
    *,
    before: int | None = None,
    form: Composer = EMPTY,
    notice: str = "",
    own: Feedback | None = None,
) -> str:
    """A slice of the wall: the newest one below the form, fresh or as somebody sent it, or one of older feedback.

    `own` is what only its author sees, beside what everybody does.
    """
    shown = await listed(wall.id, session, before=before, size=place.look.limit, own=own)
    number = next(iter(_thanked()), "")
    if place.is_frame:
        allow_framing(wall.frame_ancestors)
    return render(
        "walls/show.html",
        wall=wall,
        place=place,
        slice=shown,
        before=before,
        thanks=own or next((each for each in shown.entries if str(each.id) == number and _is_fresh(each)), None),
        receipt=number if own else "",
        printed=f"{own_address()}/walls/{wall.slug}",
        **writing().composer(wall, form, notice),
    )


def _is_fresh(feedback: Feedback) -> bool:
    return now() - feedback.created_at < THANKS_LAST


async def own_entry(wall: Wall, session: AsyncSession) -> Feedback | None:
    """What waits for a moderator and belongs to whoever asks, who has a receipt for it in the address."""
    numbers = receipts().read(_thanked(), wall.id)
    found = (await session.scalars(Feedback.among(wall.id, numbers))).all() if numbers else []
    return next((each for each in found if each.is_waiting), None)


def _thanked() -> list[str]:
    given = (each for each in request.args.getlist("thanks") if len(each) <= LONGEST)
    return [found.group(1) for each in given if (found := _THANKED.fullmatch(each))]


def writing() -> Writing:
    return cast("Writing", current_app.extensions["writing"])


async def staff_page(template: str, status: int = 200, **values: object) -> Response:
    """A page for moderators, which says who is logged in."""
    return Response(render(template, moderator=await auth.moderator(), **values), status)


async def compress(response: Response) -> Response:
    is_whole = isinstance(response.response, response.data_body_class)
    if response.mimetype not in COMPRESSED or response.status_code == 304 or not is_whole:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    body = await response.get_data(as_text=False)
    if len(body) >= WORTH_COMPRESSING and takes_brotli():
        response.set_data(ENCODINGS["br"][0](body))
        response.headers["Content-Encoding"] = "br"
    return response
