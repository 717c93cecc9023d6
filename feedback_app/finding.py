"""Finding what an address names, or saying in a sentence that there is nothing."""

from typing import cast

from quart import abort, current_app, request
from sqlalchemy.ext.asyncio import AsyncSession

from .database import database
from .live.freshness import Freshness, Unproved
from .models import Feedback, Wall

NO_WALL = "There is no wall at this address. Check the link, or ask whoever gave it to you."
NO_PAGE = "There is no such page of this wall. Start again at its newest feedback."
NO_FEEDBACK = "This feedback is not on the wall. It may have been taken back, or the link is incomplete."
DIGITS = 40


async def find_wall(slug: str, session: AsyncSession) -> Wall:
    return await session.scalar(Wall.named(slug)) or abort(404, NO_WALL)


async def find_arranged(slug: str) -> Wall:
    """The wall, to look at how it is arranged and not to be changed: asked for once a version, not once a request."""
    try:
        wall = await cast("Freshness", current_app.extensions["freshness"]).wall(slug)
    except Unproved:
        async with database().reading() as session:
            return await find_wall(slug, session)
    return wall or abort(404, NO_WALL)


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
