"""Finding what an address names, or saying in a sentence that there is nothing."""

from quart import abort, request
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Feedback, Wall

NO_WALL = "There is no wall at this address. Check the link, or ask whoever gave it to you."
NO_PAGE = "There is no such page of this wall. Start again at its newest feedback."
NO_FEEDBACK = "This feedback is not on the wall. It may have been taken back, or the link is incomplete."
DIGITS = 40


async def find_wall(slug: str, session: AsyncSession) -> Wall:
    return await session.scalar(Wall.named(slug)) or abort(404, NO_WALL)


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
