"""Retention: blanks and deletes expired rows, every hour and in small transactions."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from quart import Quart
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..database import Database
from ..models import ActEntry, Block, Feedback, Invitation, LoginAttempt, LoginSession, SearchBackfill, Wall
from ..models.base import delete_rows
from ..models.search_text import folded
from ..web.state import state_of

SECONDS = 3600
# Pause before another attempt to erase blanked words from the file, which readers can prevent.
ERASE_SECONDS = 5
BATCH_ROWS = 200
logger = logging.getLogger(__name__)


def init_app(app: Quart) -> None:
    """Run retention while the app serves."""
    retention = state_of(app).retention

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        running = asyncio.create_task(retention.run())
        yield
        retention.stop()
        await asyncio.gather(running, return_exceptions=True)


class Retention:
    """Deletes what has expired. Several processes may do so at the same time: each handles the rows it finds.

    Each method that takes a session handles one batch, and gives the number of its rows.
    """

    def __init__(self, database: Database, *, undo_days: int, keep_days: int) -> None:
        self.database, self.undo_time, self.keep_time = database, timedelta(days=undo_days), timedelta(days=keep_days)
        self._is_stopping = asyncio.Event()
        self.rounds = 0

    async def run(self) -> None:
        """Purge now and then every hour, until `stop`."""
        while not self._is_stopping.is_set():
            try:
                await self.purge()
            except (SQLAlchemyError, OSError):
                logger.exception("Expired rows could not be deleted. The next attempt is in an hour.")
            self.rounds += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_stopping.wait(), SECONDS)

    def stop(self) -> None:
        """Let `run` end after the current batch. A cancelled one would leave its transaction open."""
        self._is_stopping.set()

    async def purge(self) -> None:
        """Handle everything that has expired. Lets errors of the database through."""
        for batch in (
            self.blank,
            self.forget,
            self.delete_blocks,
            self.delete_logins,
            self.delete_attempts,
            self.delete_invitations,
            self.fold,
        ):
            await self._repeat(batch)
        await self.erase()

    async def erase(self) -> None:
        """Erase blanked and deleted words from the SQLite file and its log, which would keep them for days.

        Each round does so, since another process may have deleted them, or may have been killed after it blanked them.
        """
        while not self._is_stopping.is_set() and not await self.database.forget_deleted():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_stopping.wait(), ERASE_SECONDS)

    async def blank(self, session: AsyncSession) -> int:
        """Blank the words of removed entries that cannot be restored any more.

        Reads them again after locking their walls, since an undo may have restored one.
        """
        before = now() - self.undo_time
        found = (await session.execute(Feedback.to_blank(before, BATCH_ROWS))).all()
        if not found:
            return 0
        await session.execute(*Wall.all_locked({wall_id for _, wall_id in found}))
        numbers = {number for number, _ in found}
        expired = {number for number, _ in await session.execute(Feedback.to_blank(before, BATCH_ROWS, among=numbers))}
        await session.execute(Feedback.blank(expired))
        await session.execute(ActEntry.blank(expired))
        return len(found)

    async def forget(self, session: AsyncSession) -> int:
        """Delete blanked rows (tombstones) that no returning reader needs any more."""
        old = (await session.scalars(Feedback.forgettable(now() - self.keep_time, BATCH_ROWS))).all()
        walls = {wall.id: wall for wall in await session.scalars(*Wall.all_locked({each.wall_id for each in old}))}
        for feedback in old:
            walls[feedback.wall_id].forget(feedback)
            await session.delete(feedback)
        return len(old)

    async def delete_blocks(self, session: AsyncSession) -> int:
        """Delete blocks whose pseudonyms have expired."""
        numbers = (await session.scalars(Block.stale(now()))).all()
        await session.execute(delete_rows(Block, numbers))
        return len(numbers)

    async def delete_logins(self, session: AsyncSession) -> int:
        """Delete expired sessions of moderators."""
        numbers = (await session.scalars(LoginSession.stale(now()))).all()
        await session.execute(delete_rows(LoginSession, numbers))
        return len(numbers)

    async def delete_attempts(self, session: AsyncSession) -> int:
        """Delete login attempts that the throttle does not count any more."""
        numbers = (await session.scalars(LoginAttempt.stale(now()))).all()
        await session.execute(delete_rows(LoginAttempt, numbers))
        return len(numbers)

    async def delete_invitations(self, session: AsyncSession) -> int:
        """Delete expired invitations."""
        numbers = (await session.scalars(Invitation.stale(now()))).all()
        await session.execute(delete_rows(Invitation, numbers))
        return len(numbers)

    async def fold(self, session: AsyncSession) -> int:
        """Fill the search text of entries that an older version of the program stored.

        Also blanks the search text of entries that such a version blanked.
        """
        found = (await session.execute(SearchBackfill.unfolded(BATCH_ROWS))).all()
        if not found:
            await session.execute(SearchBackfill.blank_folded())
            return 0
        rows = [{"number": number, "words": folded(name, text, answer)} for number, name, text, answer in found]
        await session.execute(SearchBackfill.update_folded(), rows)
        return len(found)

    async def _repeat(self, batch: Callable[[AsyncSession], Awaitable[int]]) -> None:
        """Handle batches, each in a transaction of its own, until one is empty."""
        while not self._is_stopping.is_set():
            if await self.database.write(batch) == 0:
                return
