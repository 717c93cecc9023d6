"""SQLite's write-ahead log (WAL): bounds its size by checkpoints, even under constant reads."""

import logging
import sqlite3
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

logger = logging.getLogger(__name__)

LONG_BYTES = 32 * 2**20
# How long a checkpoint waits for readers of the WAL (readers do not wait), and the pause after a failed one.
WAIT_MILLISECONDS = 500
PAUSE_SECONDS = 5


class WAL:
    """Truncates the WAL when SQLite's automatic checkpoints cannot.

    SQLite can restart the WAL only when no reader uses it. Under constant reads that never happens, and the file would
    grow without limit. Above `LONG_BYTES`, the writer waits shortly for current readers; new ones do not need the WAL.
    """

    def __init__(self, file: Path, engine: AsyncEngine) -> None:
        self._file = file.with_name(file.name + "-wal")
        self._engine = engine
        self._next_try = 0.0

    async def limit_size(self) -> None:
        """Truncate the WAL if it is too long. Call after a commit, while holding the write lock."""
        if monotonic() < self._next_try or not self._is_long():
            return
        self._next_try = monotonic() + PAUSE_SECONDS
        if await self.truncate():
            self._next_try = 0.0

    async def truncate(self) -> bool:
        """Checkpoint the WAL and truncate it to zero bytes; False if a reader still uses it or an error occurs."""
        try:
            return await self._checkpoint()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:  # The posts are already committed.
            logger.warning("The SQLite WAL could not be truncated: %s", error)
            return False

    def _is_long(self) -> bool:
        try:
            return self._file.stat().st_size > LONG_BYTES
        except OSError:
            return False

    async def _checkpoint(self) -> bool:
        async with self._engine.connect() as pooled:
            # The raw connection: the engine would begin a transaction.
            connection = (await pooled.get_raw_connection()).driver_connection
            (busy_timeout,) = await _ask(connection, "PRAGMA busy_timeout")
            await _ask(connection, f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
            try:
                is_busy, *_ = await _ask(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await _ask(connection, f"PRAGMA busy_timeout = {busy_timeout}")
        return not is_busy


async def _ask(connection: Any, question: str) -> Any:
    async with connection.execute(question) as cursor:
        return await cursor.fetchone()
