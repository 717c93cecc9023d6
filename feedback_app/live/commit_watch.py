"""Wake-ups: how a process learns that something was committed, by itself or by another one.

A wake-up is only a hint to look; the database is the only truth, and a lost hint costs a moment.
"""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ..database import Database, postgresql_notify
from ..database.postgresql import behind_pgbouncer

SQLITE_SECONDS = 0.02
# Where nothing tells us, a look at the versions of the walls that somebody listens to; half of it passes on average.
LOOK_SECONDS = 0.15
# Where notices tell us, a look all the same, since one can be lost with its connection.
SAFETY_SECONDS = 1.0
RETRY_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0
# Notices that fail so often, while the database works, are worth a line.
TELLING_FAILURES = 3

logger = logging.getLogger(__name__)


class CommitWatcher:
    """Sleeps until somebody may have committed. This process's own commits call `ring()`.

    By itself it looks often, which works with every database.
    """

    seconds = LOOK_SECONDS

    def __init__(self) -> None:
        self._bell = asyncio.Event()

    def notify(self) -> None:
        self._bell.set()

    def ring_later(self) -> None:
        asyncio.get_running_loop().call_later(RETRY_SECONDS, self.notify)

    async def wait(self) -> None:
        await self._bell.wait()
        self._bell.clear()

    async def watch(self) -> None:
        """Ring when another process may have committed; cancelled when the server stops."""
        while True:
            await asyncio.sleep(self.seconds)
            self.notify()


class SQLiteWake(CommitWatcher):
    """Watches `PRAGMA data_version`, which changes when any other connection commits; one look costs microseconds."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._address = f"{file.absolute().as_uri()}?mode=ro"

    async def watch(self) -> None:
        is_lost = False
        while True:
            try:
                with closing(sqlite3.connect(self._address, uri=True, isolation_level=None)) as connection:
                    known = _data_version(connection)
                    is_lost = False
                    self.notify()
                    while True:
                        await asyncio.sleep(SQLITE_SECONDS)
                        if (found := _data_version(connection)) != known:
                            known = found
                            self.notify()
            except sqlite3.Error as error:
                if not is_lost:
                    logger.error("The database cannot be watched: %s. It is tried again until it can.", error)
                is_lost = True
                await asyncio.sleep(RETRY_SECONDS)


class PostgreSQLWake(CommitWatcher):
    """Hears PostgreSQL's notices, and looks every second for those that were lost."""

    seconds = SAFETY_SECONDS

    def __init__(self, database: Database, is_heard: Callable[[int], bool]) -> None:
        super().__init__()
        self._database, self._is_heard = database, is_heard
        self._failures = 0
        self._is_told = False

    async def watch(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(super().watch())
            tasks.create_task(self._hear())

    async def _hear(self) -> None:
        while True:
            try:
                await postgresql_notify.listen(self._database.url, ready=self._ready, hear=self._notice)
            except postgresql_notify.NotificationsUnavailable as reason:
                # While nothing works, that has been said already.
                if self._failures >= TELLING_FAILURES and not self._is_told and not self._database.outage.is_active:
                    self._is_told = True
                    logger.error("PostgreSQL's notices are not heard: %s. Until they are, news is late.", reason)
                # Full jitter: many processes lost their connections at the same moment.
                pause = min(LONGEST_PAUSE_SECONDS, 0.1 * 2 ** min(self._failures, 10))
                self._failures += 1
                await asyncio.sleep(random.uniform(0, pause))  # noqa: S311

    def _ready(self) -> None:
        if self._is_told:
            logger.info("PostgreSQL's notices are heard again.")
        self._failures, self._is_told = 0, False
        self.notify()

    def _notice(self, wall_id: int) -> None:
        if self._is_heard(wall_id):
            self.notify()


def _data_version(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("PRAGMA data_version").fetchone()
    return int(number)


def commit_watcher_for(database: Database, is_heard: Callable[[int], bool]) -> CommitWatcher:
    """What suits the database; `is_heard` tells whether somebody here listens to the wall of that number."""
    wake = CommitWatcher()
    if database.file is not None:
        wake = SQLiteWake(database.file)
    elif database.url.get_backend_name() == "postgresql" and not behind_pgbouncer(database.url):
        wake = PostgreSQLWake(database, is_heard)
    database.on_commit(wake.notify)
    return wake
