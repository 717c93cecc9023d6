"""The purge: deletes the rows of what was removed long ago, which stay for a while as the news that they are gone."""

import asyncio
import logging
import random
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..database import Database
from ..models import Feedback, Wall

HOUR = 3600.0
SLICE = 200

logger = logging.getLogger(__name__)


class Purge:
    """Each process does it at a time of its own; the wall's lock keeps two from doing it at the same moment."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._database, self._keep = database, keep

    async def run(self) -> None:
        """Cancelled when the server stops."""
        while True:
            await asyncio.sleep(HOUR * random.uniform(0.5, 1))  # noqa: S311
            try:
                await self.forget()
            except (SQLAlchemyError, OSError) as error:
                logger.warning("What was removed long ago could not be deleted, and is tried again: %s", error)

    async def forget(self) -> int:
        """How many rows were deleted, a slice in each transaction so that posts need not wait."""
        async with self._database.reading() as session:
            slugs = [wall.slug for wall in await session.scalars(Wall.all())]
        count = 0
        for slug in slugs:
            while deleted := await self._database.write(lambda session, slug=slug: self._forget_some(slug, session)):  # type: ignore[misc]
                count += deleted
        return count

    async def _forget_some(self, slug: str, session: AsyncSession) -> int:
        wall = await session.scalar(Wall.locked(slug))
        if wall is None:
            return 0
        old = (await session.scalars(Feedback.forgettable(wall.id, since=now() - self._keep, limit=SLICE))).all()
        for feedback in old:
            wall.forget(feedback)
            await session.delete(feedback)
        return len(old)
