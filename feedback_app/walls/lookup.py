"""Finding the wall or entry that a URL names, with redirects from former addresses, or else 404."""

from typing import cast

from quart import abort, g, request
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.exceptions import HTTPException

from ..models import Feedback, Wall
from ..text.messages import Message
from ..text.numbers import parse_id
from ..web.security import SAFE_METHODS
from ..web.state import database, state
from .versions import VersionUnknown

NO_WALL = Message("There is no wall at this address. Check the link, or ask the person who gave it to you.")
# The same for a wall that others moderate, so that its existence is not revealed.
NOT_YOURS = "There is no wall at this address that you moderate. Check the link, or ask an owner of the wall."
NO_PAGE = Message("There is no such page of this wall. Start again at its newest feedback.")
NO_FEEDBACK = Message("This feedback is not on the wall. It may have been taken back, or the link is incomplete.")
DIGITS = 40


class WallMoved(HTTPException):
    """A redirect (301) to the wall's current address."""

    code = 301

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def get_headers(self, *_: object) -> list[tuple[str, str]]:
        return [("Location", self.address)]


async def find_wall(slug: str, session: AsyncSession) -> Wall:
    """The wall at this address, also at a former one.

    Raises WallMoved when a former address is read; aborts with 404 when there is no wall.
    """
    wall = await wall_by_slug(slug, session) or abort(404, NO_WALL)
    if wall.slug != slug:
        redirect_reader(wall, slug)
    g.wall = wall
    return wall


def redirect_reader(wall: Wall, slug: str) -> None:
    """Raises WallMoved for a safe method at a former address; a form sent there is accepted without a redirect."""
    if request.method in SAFE_METHODS:
        raise WallMoved(_address_on(wall, slug))


async def wall_of_request(session: AsyncSession) -> Wall | None:
    """The wall that the current URL names, None if there is none; for error pages."""
    if "wall" in g:
        return cast("Wall", g.wall)
    slug = (request.view_args or {}).get("slug")
    if slug is None:
        return None
    return await wall_by_slug(slug, session)


async def wall_by_slug(slug: str, session: AsyncSession) -> Wall | None:
    """The wall at this address, else the one that had it before."""
    return await session.scalar(Wall.named(slug)) or await session.scalar(Wall.formerly(slug))


def _address_on(wall: Wall, slug: str) -> str:
    """The current URL with the wall's current address."""
    path = request.path.replace(f"/walls/{slug}", f"/walls/{wall.slug}", 1)
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path


async def find_wall_cached(slug: str) -> Wall:
    """The wall to read its settings, cached until its version changes. It must not be modified.

    Raises WallMoved and aborts with 404 as `find_wall` does.
    """
    try:
        wall = await state().wall_versions.wall(slug)
    except VersionUnknown:
        wall = None
    if wall is None:
        async with database().reading() as session:
            return await find_wall(slug, session)
    g.wall = wall
    return wall


async def find_feedback(wall: Wall, number: int, session: AsyncSession) -> Feedback:
    """Public feedback of this wall. Aborts with 404 when it is missing, hidden or on another wall."""
    feedback = await session.scalar(Feedback.numbered(wall.id, number))
    return feedback if feedback is not None and feedback.is_public else abort(404, NO_FEEDBACK)


def before_in_query() -> int | None:
    """The number in `?before=`, None without one. Aborts with 404 when it is not a number."""
    text = request.args.get("before")
    number = parse_id(text or "", DIGITS)
    return number if number is not None or text is None else abort(404, NO_PAGE)
