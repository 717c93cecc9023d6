"""Finding what an address names, or saying in a sentence that there is nothing."""

from typing import cast

from quart import abort, g, request
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.exceptions import HTTPException

from ..models import Feedback, Wall
from ..text.messages import Message
from ..web.security import SAFE_METHODS
from ..web.state import database, state
from .versions import VersionUnknown

NO_WALL = Message("There is no wall at this address. Check the link, or ask whoever gave it to you.")
# Whether there is one that others moderate is not said.
NOT_YOURS = "There is no wall at this address that you moderate. Check the link, or ask an owner of the wall."
NO_PAGE = Message("There is no such page of this wall. Start again at its newest feedback.")
NO_FEEDBACK = Message("This feedback is not on the wall. It may have been taken back, or the link is incomplete.")
DIGITS = 40


class WallMoved(HTTPException):
    """The wall has another address now. It is not for ever, since a new wall may take the former one."""

    code = 301

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def get_headers(self, *_: object) -> list[tuple[str, str]]:
        return [("Location", self.address)]


async def find_wall(slug: str, session: AsyncSession) -> Wall:
    """The wall at this address. At one it had before, a reader is led to the new one, and what is sent arrives."""
    wall = await session.scalar(Wall.named(slug))
    if wall is None:
        wall = await session.scalar(Wall.formerly(slug)) or abort(404, NO_WALL)
        lead_on(wall, slug)
    g.wall = wall
    return wall


def lead_on(wall: Wall, slug: str) -> None:
    """From an address that the wall had before; what is sent to it arrives without a detour."""
    if request.method in SAFE_METHODS:
        raise WallMoved(_address_on(wall, slug))


async def wall_of_request(session: AsyncSession) -> Wall | None:
    """The wall that the address of this request names, if there is one: for those who answer in its stead."""
    if "wall" in g:
        return cast("Wall", g.wall)
    slug = (request.view_args or {}).get("slug")
    if slug is None:
        return None
    return await session.scalar(Wall.named(slug)) or await session.scalar(Wall.formerly(slug))


def _address_on(wall: Wall, slug: str) -> str:
    """The same page of the wall under the address it has now."""
    path = request.path.replace(f"/walls/{slug}", f"/walls/{wall.slug}", 1)
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path


async def find_arranged(slug: str) -> Wall:
    """The wall, to look at how it is arranged and not to be changed: asked for once a version, not once a request."""
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
    """Public feedback of this wall; of another wall, hidden and never written are all the same nothing."""
    feedback = await session.scalar(Feedback.numbered(wall.id, number))
    return feedback if feedback is not None and feedback.is_public else abort(404, NO_FEEDBACK)


def before_in_query() -> int | None:
    """The number in `?before=`, None without one; what is no number leads nowhere."""
    text = request.args.get("before")
    if text is None:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else abort(404, NO_PAGE)
