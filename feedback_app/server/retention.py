"""The purge: what is over is blanked or deleted by the server itself, a little at a time, so that nobody waits."""

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
# How soon it is tried again to take blanked words out of the file, while somebody reads in it.
ERASE_SECONDS = 5
AT_ONCE = 200
logger = logging.getLogger(__name__)


def init_app(app: Quart) -> None:
    retention = state_of(app).retention

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        running = asyncio.create_task(retention.run())
        yield
        retention.stop()
        await asyncio.gather(running, return_exceptions=True)


class Retention:
    """Several processes may do it at the same time: what one has done the other does not find any more."""

    def __init__(self, database: Database, *, undo_days: int, keep_days: int) -> None:
        self.database, self.undo_time, self.keep_time = database, timedelta(days=undo_days), timedelta(days=keep_days)
        self._is_over = asyncio.Event()
        self.rounds = 0

    async def run(self) -> None:
        """At the start and then every hour, until it is stopped."""
        while not self._is_over.is_set():
            try:
                await self.purge()
            except (SQLAlchemyError, OSError):
                logger.exception("What is over could not be purged; it is tried again in an hour.")
            self.rounds += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_over.wait(), SECONDS)

    def stop(self) -> None:
        """Let `run` end after the slice it is at: one that is cancelled would leave its transaction to nobody."""
        self._is_over.set()

    async def purge(self) -> None:
        for slice_ in (
            self.blank,
            self.forget,
            self.delete_blocks,
            self.delete_logins,
            self.delete_attempts,
            self.delete_setups,
            self.fold,
        ):
            await self._to_the_end(slice_)
        await self.erase()

    async def erase(self) -> None:
        """Take what was blanked or deleted out of the file, too, where a quiet server would keep it for days.

        It is done in each round, also for what others deleted, and what a process blanked that was killed then.
        """
        while not self._is_over.is_set() and not await self.database.forget_deleted():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_over.wait(), ERASE_SECONDS)

    async def blank(self, session: AsyncSession) -> int:
        """Blank the words of entries whose time for undoing is over; gives how many.

        Their walls are locked, and they are looked at once more, since somebody may be bringing them back.
        """
        before = now() - self.undo_time
        found = (await session.execute(Feedback.to_blank(before, AT_ONCE))).all()
        if not found:
            return 0
        await session.execute(*Wall.all_locked({wall_id for _, wall_id in found}))
        numbers = {number for number, _ in found}
        still = {number for number, _ in await session.execute(Feedback.to_blank(before, AT_ONCE, among=numbers))}
        await session.execute(Feedback.blank(still))
        await session.execute(ActEntry.blank(still))
        return len(found)

    async def forget(self, session: AsyncSession) -> int:
        """Delete rows without words, of whose end every reader who was away for less has heard; gives how many."""
        old = (await session.scalars(Feedback.forgettable(now() - self.keep_time, AT_ONCE))).all()
        walls = {wall.id: wall for wall in await session.scalars(*Wall.all_locked({each.wall_id for each in old}))}
        for feedback in old:
            walls[feedback.wall_id].forget(feedback)
            await session.delete(feedback)
        return len(old)

    async def delete_blocks(self, session: AsyncSession) -> int:
        numbers = (await session.scalars(Block.stale(now()))).all()
        await session.execute(delete_rows(Block, numbers))
        return len(numbers)

    async def delete_logins(self, session: AsyncSession) -> int:
        numbers = (await session.scalars(LoginSession.stale(now()))).all()
        await session.execute(delete_rows(LoginSession, numbers))
        return len(numbers)

    async def delete_attempts(self, session: AsyncSession) -> int:
        numbers = (await session.scalars(LoginAttempt.stale(now()))).all()
        await session.execute(delete_rows(LoginAttempt, numbers))
        return len(numbers)

    async def delete_setups(self, session: AsyncSession) -> int:
        numbers = (await session.scalars(Invitation.stale(now()))).all()
        await session.execute(delete_rows(Invitation, numbers))
        return len(numbers)

    async def fold(self, session: AsyncSession) -> int:
        """Fold the words of entries that a version stored which did not, for search; gives how many.

        What such a version blanked is blanked in the folded words, too.
        """
        found = (await session.execute(SearchBackfill.unfolded(AT_ONCE))).all()
        if not found:
            await session.execute(SearchBackfill.blank_folded())
            return 0
        rows = [{"number": number, "words": folded(name, text, answer)} for number, name, text, answer in found]
        await session.execute(SearchBackfill.update_folded(), rows)
        return len(found)

    async def _to_the_end(self, slice_: Callable[[AsyncSession], Awaitable[int]]) -> None:
        """Slice after slice, each a transaction of its own."""
        while not self._is_over.is_set():
            if await self.database.write(slice_) == 0:
                return
