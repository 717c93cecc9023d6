"""A wall's page: pinned entries, the newest entries or a page of older ones (pagination), and the post form."""

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

# The thanks in a URL expire, since a visitor may pass the URL on.
THANKS_LAST = timedelta(minutes=10)
# An entry's id or an author token; punctuation behind it is ignored.
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
    """A page of entries older than `before`, or the newest ones below the pinned ones.

    `own`, an entry that only its author sees, is sorted in by time. Pinned entries do not count towards `size`.
    """
    # A condition on `pinned_at` would make SQLite scan all entries without a pin, public or held.
    found = await session.scalars(Feedback.published_on(wall_id, before=before, size=size + MOST_PINNED))
    page = Page([each for each in found if not each.pinned_at], size)
    if before is None:
        pinned = (await session.scalars(Feedback.pinned_on(wall_id))).all()
        others = sorted([*page.entries, *([own] if own else [])], key=lambda each: each.id, reverse=True)
        page.entries = [*pinned, *others]
    return page


async def remember_token_period() -> None:
    """Read the form token period before a page is rendered.

    Read afterwards, a page rendered while the hour or the secret changes would be cached with the wrong period.
    """
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
    """The HTML of the wall's page or frame, with the newest entries or those older than `before`.

    `form` is the form to show again with a visitor's text; `own` is a held entry, shown to its author only.
    """
    page = await listed(wall.id, session, before=before, size=place.look.limit, own=own)
    number = next(iter(_thanks_in_query()), "")
    if place.is_frame:
        allow_framing(wall.frame_ancestors)
    return render(
        "walls/show.html",
        wall=wall,
        location=place,
        page=page,
        before=before,
        thanks=own or next((each for each in page.entries if str(each.id) == number and _is_recent(each)), None),
        receipt=number if own else "",
        printed=f"{own_address()}/walls/{wall.slug}",
        **state().submissions.composer(wall, form, notice),
    )


def _is_recent(feedback: Feedback) -> bool:
    return now() - feedback.created_at < THANKS_LAST


async def own_entry(wall: Wall, session: AsyncSession) -> Feedback | None:
    """The visitor's own held entry, named by an author token in `?thanks=`; None if there is none."""
    numbers = state().author_tokens.read(_thanks_in_query(), wall.id)
    found = (await session.scalars(Feedback.among(wall.id, numbers))).all() if numbers else []
    return next((each for each in found if each.is_waiting), None)


def _thanks_in_query() -> list[str]:
    given = (each for each in request.args.getlist("thanks") if len(each) <= LONGEST)
    return [found.group(1) for each in given if (found := _THANKED.fullmatch(each))]
