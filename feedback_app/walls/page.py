"""Listing: what a wall's page shows at once: what is pinned on top of the newest entries, or a slice of older ones."""

import re
from datetime import timedelta

from quart import Quart, g, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..models import Feedback, Wall
from ..models.feedback import MOST_PINNED
from ..models.pagination import PAGE_SIZE, Page
from ..web.security import allow_framing, own_address
from ..web.state import state
from ..web.templates import render
from .location import Location
from .posting.form import Composer
from .posting.receipts import LONGEST
from .posting.submit import EMPTY

# How long an address that somebody may have passed on thanks whoever opens it.
THANKS_LAST = timedelta(minutes=10)
# The number of an entry or a receipt for one, with what a sentence left behind it.
_THANKED = re.compile(r"([\w.-]*[\w-])\W*")


def init_app(app: Quart) -> None:
    app.before_request(remember_token_period)


async def listed(
    wall_id: int,
    session: AsyncSession,
    *,
    before: int | None = None,
    size: int = PAGE_SIZE,
    own: Feedback | None = None,
) -> Page:
    """`own` stands in its place in time, although it is not public. Pinned entries are not counted among the `size`."""
    # Asked to leave out what is pinned, SQLite would go through all that is not, public or waiting.
    found = await session.scalars(Feedback.published_on(wall_id, before=before, size=size + MOST_PINNED))
    shown = Page([each for each in found if not each.pinned_at], size)
    if before is None:
        pinned = (await session.scalars(Feedback.pinned_on(wall_id))).all()
        others = sorted([*shown.entries, *([own] if own else [])], key=lambda each: each.id, reverse=True)
        shown.entries = [*pinned, *others]
    return shown


async def remember_token_period() -> None:
    """Before anything is made: were it taken afterwards, a page that was made while the hour or the secret changed
    would be kept as one that has the new stamp."""
    g.token_period = state().form_tokens.period(now())


async def wall_page(
    wall: Wall,
    place: Location,
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
        **state().submissions.composer(wall, form, notice),
    )


def _is_fresh(feedback: Feedback) -> bool:
    return now() - feedback.created_at < THANKS_LAST


async def own_entry(wall: Wall, session: AsyncSession) -> Feedback | None:
    """What waits for a moderator and belongs to whoever asks, who has a receipt for it in the address."""
    numbers = state().author_tokens.read(_thanked(), wall.id)
    found = (await session.scalars(Feedback.among(wall.id, numbers))).all() if numbers else []
    return next((each for each in found if each.is_waiting), None)


def _thanked() -> list[str]:
    given = (each for each in request.args.getlist("thanks") if len(each) <= LONGEST)
    return [found.group(1) for each in given if (found := _THANKED.fullmatch(each))]
