"""SQLite's log of what was written (the WAL), kept short although somebody always reads."""

import logging
import sqlite3
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

logger = logging.getLogger(__name__)

LONG_BYTES = 32 * 2**20
# How long writers, but not readers, wait for those who still read in the log, and how soon that is tried again.
WAIT_MILLISECONDS = 500
PAUSE_SECONDS = 5


class WAL:
    """Who writes moves what is in the log to its place when SQLite finds it long enough, and begins it anew.

    That can be done only at a moment when nobody reads in it. Where many read there may be no such moment, and the log
    would grow for ever; once it is much too long, writing waits shortly until those who read in it are gone. Whoever
    comes meanwhile finds everything in its place and needs the log no more.
    """

    def __init__(self, file: Path, engine: AsyncEngine) -> None:
        self._file = file.with_name(file.name + "-wal")
        self._engine = engine
        self._next_try = 0.0

    async def keep_short(self) -> None:
        """To be called after a commit, by who has the turn."""
        if monotonic() < self._next_try or not self._is_long():
            return
        self._next_try = monotonic() + PAUSE_SECONDS
        if await self.empty():
            self._next_try = 0.0

    async def empty(self) -> bool:
        """Write everything to its place and cut the log to nothing; False where somebody still reads in it."""
        try:
            return await self._checkpoint()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:  # The posts are stored in any case.
            logger.warning("SQLite's log could not be shortened: %s", error)
            return False

    def _is_long(self) -> bool:
        try:
            return self._file.stat().st_size > LONG_BYTES
        except OSError:
            return False

    async def _checkpoint(self) -> bool:
        async with self._engine.connect() as lent:
            # Past the engine, which would begin a transaction.
            connection = (await lent.get_raw_connection()).driver_connection
            (patience,) = await _ask(connection, "PRAGMA busy_timeout")
            await _ask(connection, f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
            try:
                is_busy, *_ = await _ask(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await _ask(connection, f"PRAGMA busy_timeout = {patience}")
        return not is_busy


async def _ask(connection: Any, question: str) -> Any:
    async with connection.execute(question) as cursor:
        return await cursor.fetchone()
