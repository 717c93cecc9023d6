"""Commit watchers: notify this process of commits, its own and those of other processes.

A notification is only a hint to read the database. A lost one costs a moment, never a change.
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
# Polling, for databases without notifications. The mean delay is half of it.
POLL_SECONDS = 0.15
# Polling beside notifications, since one can be lost with its connection.
BACKUP_POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0
# Failures to receive notifications, while the database works, before the log has a line.
LOGGED_FAILURES = 3

logger = logging.getLogger(__name__)


class CommitWatcher:
    """Waits for commits. Commits of this process call `notify()`.

    This class polls for those of others, which works with every database.
    """

    seconds = POLL_SECONDS

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake up `wait`."""
        self._event.set()

    def notify_later(self) -> None:
        """Wake up `wait` after RETRY_SECONDS."""
        asyncio.get_running_loop().call_later(RETRY_SECONDS, self.notify)

    async def wait(self) -> None:
        """Return when there may be a commit since the last call."""
        await self._event.wait()
        self._event.clear()

    async def watch(self) -> None:
        """Call `notify` when another process may have committed; cancelled when the server stops."""
        while True:
            await asyncio.sleep(self.seconds)
            self.notify()


class SQLiteCommitWatcher(CommitWatcher):
    """Polls `PRAGMA data_version`, which changes when another connection commits. A poll costs microseconds."""

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
                    logger.error("The database file cannot be watched for commits: %s. Trying again.", error)
                is_lost = True
                await asyncio.sleep(RETRY_SECONDS)


class PostgreSQLCommitWatcher(CommitWatcher):
    """Listens to PostgreSQL's notifications, and polls every second for lost ones."""

    seconds = BACKUP_POLL_SECONDS

    def __init__(self, database: Database, has_listeners: Callable[[int], bool]) -> None:
        super().__init__()
        self._database, self._has_listeners = database, has_listeners
        self._failures = 0
        self._is_logged = False

    async def watch(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(super().watch())
            tasks.create_task(self._listen())

    async def _listen(self) -> None:
        while True:
            try:
                await postgresql_notify.listen(self._database.url, ready=self._on_listening, hear=self._on_notification)
            except postgresql_notify.NotificationsUnavailable as reason:
                # During an outage, `database` has logged it.
                if self._failures >= LOGGED_FAILURES and not self._is_logged and not self._database.outage.is_active:
                    self._is_logged = True
                    logger.error(
                        "PostgreSQL's notifications do not arrive: %s. Changes are broadcast late.",
                        reason,
                    )
                # Full jitter: many processes lost their connections at the same moment.
                pause = min(LONGEST_PAUSE_SECONDS, 0.1 * 2 ** min(self._failures, 10))
                self._failures += 1
                await asyncio.sleep(random.uniform(0, pause))  # noqa: S311

    def _on_listening(self) -> None:
        if self._is_logged:
            logger.info("PostgreSQL's notifications arrive again.")
        self._failures, self._is_logged = 0, False
        self.notify()

    def _on_notification(self, wall_id: int) -> None:
        if self._has_listeners(wall_id):
            self.notify()


def _data_version(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("PRAGMA data_version").fetchone()
    return int(number)


def commit_watcher_for(database: Database, has_listeners: Callable[[int], bool]) -> CommitWatcher:
    """The watcher for this database. `has_listeners` tells whether this process has listeners of a wall id."""
    watcher = CommitWatcher()
    if database.file is not None:
        watcher = SQLiteCommitWatcher(database.file)
    elif database.url.get_backend_name() == "postgresql" and not behind_pgbouncer(database.url):
        watcher = PostgreSQLCommitWatcher(database, has_listeners)
    database.on_commit(watcher.notify)
    return watcher
