"""How often one author may post: counted in the database, so that every process and machine counts together."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from limits import RateLimitItem
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Feedback


async def seconds_to_wait(limits: Sequence[RateLimitItem], authors: Collection[str], session: AsyncSession) -> int:
    """How long until this author may post again; 0 when they may now.

    What is counted are the posts themselves, whatever became of them.
    """
    at = datetime.now(UTC)
    wait = 0.0
    for limit in limits:
        window = timedelta(seconds=limit.get_expiry())
        count, earliest = (await session.execute(Feedback.times_by(authors, at - window))).one()
        if count >= limit.amount and earliest is not None:
            wait = max(wait, (earliest + window - at).total_seconds())
    return 0 if wait <= 0 else int(wait) + 1
