"""Wake-ups: how a process learns that something was committed, by itself or by another one.

A wake-up is only a hint to look; the database is the only truth, and a lost hint costs a moment.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from ..database import Database

SQLITE_SECONDS = 0.02
LOOK_SECONDS = 0.2
RETRY_SECONDS = 1


class Wake:
    """Sleeps until somebody may have committed. This process's own commits call `ring()`."""

    def __init__(self) -> None:
        self._bell = asyncio.Event()

    def ring(self) -> None:
        self._bell.set()

    def ring_later(self) -> None:
        asyncio.get_running_loop().call_later(RETRY_SECONDS, self.ring)

    async def wait(self) -> None:
        await self._bell.wait()
        self._bell.clear()

    async def watch(self) -> None:
        """Ring when another process may have committed; cancelled when the server stops."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.ring()


class SQLiteWake(Wake):
    """Watches `PRAGMA data_version`, which changes when any other connection commits; one look costs microseconds."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._address = f"{file.absolute().as_uri()}?mode=ro"

    async def watch(self) -> None:
        with closing(sqlite3.connect(self._address, uri=True, isolation_level=None)) as connection:
            known = _data_version(connection)
            while True:
                await asyncio.sleep(SQLITE_SECONDS)
                if (found := _data_version(connection)) != known:
                    known = found
                    self.ring()


def _data_version(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("PRAGMA data_version").fetchone()
    return int(number)


def wake_for(database: Database) -> Wake:
    wake = SQLiteWake(database.file) if database.file is not None else Wake()
    database.on_commit(wake.ring)
    return wake
