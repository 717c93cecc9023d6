"""Readiness checks behind `/readyz`, with an answer in time even if a check hangs."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic

from quart import Quart
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from ..database import Database, DatabaseUnfit, schema
from ..installation.backups import LEAST_BYTES
from ..live.broadcaster import Broadcaster
from ..models import Wall
from ..web.state import state_of
from ..web.tasks import cancel_all

SECONDS = 0.4
BEHIND_SECONDS = 5
RECENT_SECONDS = 2.0
# After a success, a check may take so long before it counts as failed.
LATE_SECONDS = 2.0


class _RollBack(Exception):
    """Rolls the trial transaction back."""


class Readiness:
    """Runs each check in a task of its own, and waits for it only briefly.

    A check that hangs is not cancelled, since that may hang too, and is not started again before it has ended.
    A busy machine must stay ready: a check that succeeded the last time may be LATE_SECONDS late, and a recent commit
    counts as a successful write.
    """

    def __init__(self, database: Database, broadcaster: Broadcaster) -> None:
        self.database, self.broadcaster = database, broadcaster
        self._running: dict[str, asyncio.Task[bool]] = {}
        self._began: dict[str, float] = {}
        self._has_succeeded: dict[str, bool] = {}
        self._committed = -RECENT_SECONDS
        database.on_commit(self._note_commit)

    async def faults(self) -> list[str]:
        """The failed checks: `database`, `schema`, `writing`, `disk`, `broadcaster`."""
        checks = {
            "database": self._reads,
            "schema": self._knows_schema,
            "writing": self._writes,
            "disk": self._has_space,
            "broadcaster": self._broadcasts,
        }
        tasks = {word: self._task(word, check) for word, check in checks.items()}
        await asyncio.wait(tasks.values(), timeout=SECONDS)
        return [word for word, task in tasks.items() if not (task.result() if task.done() else self._may_be_late(word))]

    async def close(self) -> None:
        """Cancel the running checks."""
        await cancel_all(self._running.values())

    def _may_be_late(self, word: str) -> bool:
        is_writing = word == "writing" and monotonic() - self._committed < RECENT_SECONDS
        is_in_time = self._has_succeeded.get(word, False) and monotonic() - self._began[word] < LATE_SECONDS
        return is_writing or is_in_time

    def _note_commit(self) -> None:
        self._committed = monotonic()

    def _task(self, word: str, check: Callable[[], Awaitable[bool]]) -> asyncio.Task[bool]:
        running = self._running.get(word)
        if running is None or running.done():
            self._has_succeeded[word] = running is not None and running.result()
            self._began[word] = monotonic()
            running = self._running[word] = asyncio.create_task(_is_passed(check), name=f"readiness {word}")
        return running

    async def _reads(self) -> bool:
        async with self.database.reading() as session:
            await session.execute(Wall.all().limit(1))
        # SQLite can read and write a deleted file until it closes it.
        return self.database.file is None or await asyncio.to_thread(self.database.file.exists)

    async def _knows_schema(self) -> bool:
        async with self.database.read_engine.connect() as connection:
            return await connection.run_sync(schema.is_current)

    async def _writes(self) -> bool:
        """Queue a write transaction like any other, and roll it back."""

        async def work(session: AsyncSession) -> None:
            await session.execute(Wall.no_op_update())
            raise _RollBack

        try:
            await self.database.write(work)
        except _RollBack:
            return True
        return False

    async def _has_space(self) -> bool:
        file = self.database.file
        return file is None or await asyncio.to_thread(_is_writable, file.parent)

    async def _broadcasts(self) -> bool:
        return self.broadcaster.seconds_behind < BEHIND_SECONDS


def _is_writable(folder: Path) -> bool:
    """Whether the disk has space and can be written, which SQLite's trial transaction does not show."""
    with TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
        file.flush()
    return shutil.disk_usage(folder).free >= LEAST_BYTES


async def _is_passed(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await check()
    except (SQLAlchemyError, DatabaseUnfit, OSError):
        return False


def init_app(app: Quart) -> None:
    """Cancel running checks when the app stops."""

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        yield
        await state_of(app).readiness.close()
