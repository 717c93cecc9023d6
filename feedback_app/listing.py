"""Listing: what a wall's page shows at once: what is pinned on top of the newest entries, or a slice of older ones."""

from sqlalchemy.ext.asyncio import AsyncSession

from .models import Feedback
from .models.feedback import MOST_PINNED, SLICE
from .models.slice import Slice


async def listed(
    wall_id: int, session: AsyncSession, *, before: int | None = None, size: int = SLICE, own: Feedback | None = None
) -> Slice:
    """`own` stands in its place in time, although it is not public. Pinned entries are not counted among the `size`."""
    # Asked to leave out what is pinned, SQLite would go through all that is not, public or waiting.
    found = await session.scalars(Feedback.published_on(wall_id, before=before, size=size + MOST_PINNED))
    shown = Slice([each for each in found if not each.pinned_at], size)
    if before is None:
        pinned = (await session.scalars(Feedback.pinned_on(wall_id))).all()
        others = sorted([*shown.entries, *([own] if own else [])], key=lambda each: each.id, reverse=True)
        shown.entries = [*pinned, *others]
    return shown
