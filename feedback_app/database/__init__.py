"""The database: sessions that read side by side, and one writer through which everything is changed."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, cast, overload

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker

from . import schema
from .engines import complete_url, make_engine
from .errors import DatabaseUnfit, is_passing
from .outage import Outage, is_outage
from .sqlite.wal import WAL
from .sqlite.write_lock import WriteLock
from .writer import AfterFlush, BatchFunction, NothingWritten, Part, Response, Result, Work, Writer, unchanged

__all__ = ["Database", "DatabaseUnfit", "NothingWritten", "complete_url", "is_outage", "is_passing"]


class Database:
    def __init__(self, url: str | URL, *, synchronous: str = "full") -> None:
        """`synchronous` says whether SQLite waits for the disk at each commit (`full`) or not (`normal`)."""
        self.url = complete_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.write_engine = make_engine(self.url, writes=True, synchronous=synchronous)
        self.read_engine = make_engine(self.url, writes=False)
        self._sessions = async_sessionmaker(self.read_engine, expire_on_commit=False)
        self._log = WAL(self.file, self.write_engine) if self.file else None
        turn = self._turns_at(self.file, self._log) if self.file and self._log else nullcontext
        self.outage = Outage()
        self._writer = Writer(async_sessionmaker(self.write_engine, expire_on_commit=False), self.outage, turn)

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(cast("str", self.url.database)) if self.is_sqlite else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that sees the database as of one moment. Leave it before you wait."""
        try:
            async with self._sessions() as session:
                yield session
                has_asked = session.in_transaction()
        except (SQLAlchemyError, DatabaseUnfit, OSError) as error:
            self.outage.failed("reading", error)
            raise
        if has_asked:
            self.outage.worked("reading")

    def _turns_at(self, file: Path, log: WAL) -> Callable[[], AbstractAsyncContextManager[None]]:
        """What is around each transaction on SQLite: the turn of this process, and care for the log at its end."""
        turn = WriteLock(file.with_name(file.name + "-turn"))

        @asynccontextmanager
        async def taken() -> AsyncIterator[None]:
            async with turn.taken():
                yield
                await log.keep_short()

        return taken

    async def forget_deleted(self) -> bool:
        """Have SQLite's file and log hold nothing that was overwritten; False where it must be tried again.

        SQLite zeroes in the log what is deleted, but the words stay in the file until the log is written to its place.
        What a database server keeps of them is its own matter.
        """
        return self._log is None or await self._log.empty()

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in a transaction and give its result once that is committed, or raise what `work` raised."""
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
        """Have `part` done in one transaction with all that wait to be done by `together` at the same moment.

        It gives an answer for each part, in their order; one that is an exception is raised here. `then` makes of any
        other one what is given instead. Both may be run twice, and nothing is given before the commit.
        """
        return await self._writer.write_together(together, part, then)

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[AsyncConnection]:
        """A transaction in which no other process migrates, and which has all the time it needs.

        A file that is not there yet is made, empty; nothing else makes one.
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
        """Finish what is being written, then let go of every connection."""
        await self._writer.close()
        await self.read_engine.dispose()
        await self.write_engine.dispose()
