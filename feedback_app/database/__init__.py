"""Database access: engines, concurrent read sessions, and the one writer (group commit) that makes every change.

Start reading here, then writer.py and engines.py. SQLite only: sqlite/. Schema: schema.py and migrations/.
May import text, clock, config and models.
Tests: tests/database/.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, cast, overload

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.pool import AsyncAdaptedQueuePool

from . import schema
from .engines import complete_url, make_engine
from .errors import DatabaseUnfit, is_passing
from .outage import Outage, is_outage
from .sqlite.wal import WAL
from .sqlite.write_lock import WriteLock
from .writer import AfterFlush, BatchFunction, NothingWritten, Part, Response, Result, Work, Writer, unchanged

__all__ = ["Database", "DatabaseUnfit", "NothingWritten", "complete_url", "is_outage", "is_passing"]


# How long `close` waits for connections that are in use.
RETURN_SECONDS = 2


class Database:
    """One database of any supported kind: `reading()` for queries, `write()` for changes."""

    def __init__(self, url: str | URL, *, synchronous: str = "full") -> None:
        """`synchronous` says whether SQLite waits for the disk at each commit (`full`) or not (`normal`).

        Raises ConfigurationError when the URL is invalid or its driver is missing.
        """
        self.url = complete_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.write_engine = make_engine(self.url, writes=True, synchronous=synchronous)
        self.read_engine = make_engine(self.url, writes=False)
        self._sessions = async_sessionmaker(self.read_engine, expire_on_commit=False)
        self._wal = WAL(self.file, self.write_engine) if self.file else None
        lock = self._write_lock(self.file, self._wal) if self.file and self._wal else nullcontext
        self.outage = Outage()
        self._writer = Writer(async_sessionmaker(self.write_engine, expire_on_commit=False), self.outage, lock)

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None for a database server."""
        return Path(cast("str", self.url.database)) if self.is_sqlite else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session with snapshot isolation. Leave it before you wait.

        Raises SQLAlchemyError, DatabaseUnfit or OSError when the database fails.
        """
        try:
            async with self._sessions() as session:
                yield session
                was_used = session.in_transaction()
        except (SQLAlchemyError, DatabaseUnfit, OSError) as error:
            self.outage.failed("reading", error)
            raise
        if was_used:
            self.outage.worked("reading")

    def _write_lock(self, file: Path, wal: WAL) -> Callable[[], AbstractAsyncContextManager[None]]:
        """Around each SQLite transaction: hold the write lock, and afterwards bound the size of the WAL."""
        lock = WriteLock(file.with_name(file.name + "-turn"))

        @asynccontextmanager
        async def locked() -> AsyncIterator[None]:
            async with lock.acquired():
                yield
                await wal.limit_size()

        return locked

    async def forget_deleted(self) -> bool:
        """Erase deleted text from SQLite's file and WAL; False if it must be tried again.

        `secure_delete` zeroes deleted text in the WAL, but the file has it until a checkpoint. Database servers manage
        their own files, so there is nothing to do for them.
        """
        return self._wal is None or await self._wal.truncate()

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in a transaction and return its result after the commit. Raises what `work` raised."""
        return await self._writer.write(work)

    @overload
    async def write_together(self, together: BatchFunction[Part, Result], part: Part) -> Result: ...

    @overload
    async def write_together(
        self, together: BatchFunction[Part, Result], part: Part, then: AfterFlush[Result, Response]
    ) -> Response: ...

    async def write_together(
        self, together: BatchFunction[Part, Any], part: Part, then: AfterFlush[Any, Any] = unchanged
    ) -> Any:
        """Run `part` in one transaction with all parts waiting for the batch function `together` (group commit).

        `together` returns one result per part, in order; an exception among them is raised to its caller. `then` turns
        the result into the response. Both may run twice. Nothing is returned before the commit.
        """
        return await self._writer.write_together(together, part, then)

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[AsyncConnection]:
        """A transaction without timeouts, holding the migration lock.

        Creates the SQLite file if it does not exist; nothing else does. Raises DatabaseUnfit when another process has
        held the lock for an hour.
        """
        if self.file is not None:
            self.file.touch()
        engine = make_engine(self.url, writes=True, patient=True)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(schema.lock)
                yield connection
        finally:
            await engine.dispose()

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit of this process."""
        self._writer.listeners.append(listener)

    async def close(self) -> None:
        """Finish pending writes, then close every connection."""
        await self._writer.close()
        for engine in (self.read_engine, self.write_engine):
            await _until_returned(engine)
            await engine.dispose()
        # Drivers close a socket in the next iteration of the loop, which may be the last one.
        await asyncio.sleep(0)


async def _until_returned(engine: AsyncEngine) -> None:
    """Wait until cancelled sessions have returned their connections. One that comes back later is never closed."""
    pool = cast("AsyncAdaptedQueuePool", engine.pool)
    end = time.monotonic() + RETURN_SECONDS
    while pool.checkedout() and time.monotonic() < end:  # noqa: ASYNC110 - The pool has no event for it.
        await asyncio.sleep(0.005)
