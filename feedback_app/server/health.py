"""Whether this process can do its work: what `/readyz` says, and that it says it in time."""

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
# How long a check that worked the last time may take before it counts as failed.
LATE_SECONDS = 2.0


class _NothingToStore(Exception):
    """Rolls a transaction back that has shown what it was for."""


class Readiness:
    """Each check is a task of its own and is waited for a short while only, so that the answer is always quick.

    A check that hangs is not cancelled, since that could take as long, and is not started again before it has ended.
    A busy machine is late with them: one that worked the last time has some seconds, and what was written a moment ago
    shows that the queue of the writer gets on. Or a load balancer would send nobody any more to a machine for having
    much to do.
    """

    def __init__(self, database: Database, broadcaster: Broadcaster) -> None:
        self.database, self.broadcaster = database, broadcaster
        self._running: dict[str, asyncio.Task[bool]] = {}
        self._began: dict[str, float] = {}
        self._has_worked: dict[str, bool] = {}
        self._committed = -RECENT_SECONDS
        database.on_commit(self._note_commit)

    async def faults(self) -> list[str]:
        """One word for each check that failed."""
        checks = {
            "database": self._reads,
            "schema": self._knows_schema,
            "writing": self._writes,
            "disk": self._has_space,
            "teller": self._broadcasts,
        }
        tasks = {word: self._task(word, check) for word, check in checks.items()}
        await asyncio.wait(tasks.values(), timeout=SECONDS)
        return [word for word, task in tasks.items() if not (task.result() if task.done() else self._may_be_late(word))]

    async def close(self) -> None:
        await cancel_all(self._running.values())

    def _may_be_late(self, word: str) -> bool:
        gets_on = word == "writing" and monotonic() - self._committed < RECENT_SECONDS
        has_time = self._has_worked.get(word, False) and monotonic() - self._began[word] < LATE_SECONDS
        return gets_on or has_time

    def _note_commit(self) -> None:
        self._committed = monotonic()

    def _task(self, word: str, check: Callable[[], Awaitable[bool]]) -> asyncio.Task[bool]:
        running = self._running.get(word)
        if running is None or running.done():
            self._has_worked[word] = running is not None and running.result()
            self._began[word] = monotonic()
            running = self._running[word] = asyncio.create_task(_holds(check), name=f"readiness {word}")
        return running

    async def _reads(self) -> bool:
        async with self.database.reading() as session:
            await session.execute(Wall.all().limit(1))
        # An open SQLite file goes on after its name is gone, and takes what is written with it at the end.
        return self.database.file is None or await asyncio.to_thread(self.database.file.exists)

    async def _knows_schema(self) -> bool:
        async with self.database.read_engine.connect() as connection:
            return await connection.run_sync(schema.is_current)

    async def _writes(self) -> bool:
        """A transaction that could change something takes its turn with the others, and is rolled back."""

        async def work(session: AsyncSession) -> None:
            await session.execute(Wall.no_op_update())
            raise _NothingToStore

        try:
            await self.database.write(work)
        except _NothingToStore:
            return True
        return False

    async def _has_space(self) -> bool:
        file = self.database.file
        return file is None or await asyncio.to_thread(_takes_bytes, file.parent)

    async def _broadcasts(self) -> bool:
        return self.broadcaster.seconds_behind < BEHIND_SECONDS


def _takes_bytes(folder: Path) -> bool:
    """Whether there is space and the file system takes it, for SQLite writes nothing of what is rolled back."""
    with TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
        file.flush()
    return shutil.disk_usage(folder).free >= LEAST_BYTES


async def _holds(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await check()
    except (SQLAlchemyError, DatabaseUnfit, OSError):
        return False


def init_app(app: Quart) -> None:
    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        yield
        await state_of(app).readiness.close()
