"""Reference: group commits with the bare database driver.

They take versions and store rows as we do, but have no idempotency keys, limits or error handling.
"""

import asyncio
import queue
import sqlite3
import threading
from abc import ABC, abstractmethod
from typing import Any, Protocol

import asyncmy
import asyncpg
from sqlalchemy import make_url

BATCH = 256
COLUMNS = "wall_id, version, desk_version, state, name, text, author, key, created_at"
Row = tuple[str, str, str, str, Any]
Waiting = tuple[int, Row, "asyncio.Future[int]"]


class RawWriter(Protocol):
    async def write(self, wall_id: int, row: Row) -> int:
        """Store (name, text, author, key, time); gives the version."""

    async def close(self) -> None: ...


class RawSQLite:
    """A thread that commits all waiting posts."""

    def __init__(self, file: str) -> None:
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._file = file
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    async def write(self, wall_id: int, row: Row) -> int:
        answer: asyncio.Future[int] = self._loop.create_future()
        self._waiting.put((wall_id, row, answer))
        return await answer

    async def close(self) -> None:
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        connection = sqlite3.connect(self._file, isolation_level=None, timeout=60)
        connection.execute("PRAGMA synchronous = FULL")
        while (first := self._waiting.get()) is not None:
            batch = [first]
            while len(batch) < BATCH and not self._waiting.empty() and (next_ := self._waiting.get()) is not None:
                batch.append(next_)
            connection.execute("BEGIN IMMEDIATE")
            versions: dict[int, int] = {}
            rows = []
            for wall_id, row, _ in batch:
                if wall_id not in versions:
                    found = connection.execute("SELECT version FROM walls WHERE id = ?", (wall_id,))
                    (versions[wall_id],) = found.fetchone()
                versions[wall_id] += 1
                rows.append((wall_id, versions[wall_id], versions[wall_id], "public", *row))
            connection.executemany(
                f"INSERT INTO feedback ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            connection.executemany(
                "UPDATE walls SET version = ? WHERE id = ?", [(version, id_) for id_, version in versions.items()]
            )
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, batch, rows)
        connection.close()


class RawServer(ABC):
    """A task that commits all waiting posts, on one connection."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: Any = None

    async def write(self, wall_id: int, row: Row) -> int:
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((wall_id, row, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        self._connection = self._connection or await self._connect()
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            _answer(batch, await self._store(batch))
        self._task = None

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def _connect(self) -> Any: ...

    @abstractmethod
    async def _store(self, batch: list[Waiting]) -> list[tuple[Any, ...]]:
        """Commit the posts; gives their rows."""

    @staticmethod
    def _rows(batch: list[Waiting], versions: dict[int, int]) -> list[tuple[Any, ...]]:
        """Rows with the next versions. Updates `versions`, the last version by wall."""
        rows = []
        for wall_id, row, _ in batch:
            versions[wall_id] += 1
            rows.append((wall_id, versions[wall_id], versions[wall_id], "public", *row))
        return rows


class RawPostgreSQL(RawServer):
    async def close(self) -> None:
        await self._connection.close()

    async def _connect(self) -> Any:
        return await asyncpg.connect(self._url.set(drivername="postgresql").render_as_string(hide_password=False))

    async def _store(self, batch: list[Waiting]) -> list[tuple[Any, ...]]:
        walls = sorted({wall_id for wall_id, _, _ in batch})
        async with self._connection.transaction():
            found = await self._connection.fetch(
                "SELECT id, version FROM walls WHERE id = ANY($1) ORDER BY id FOR UPDATE", walls
            )
            versions: dict[int, int] = {row["id"]: row["version"] for row in found}
            rows = self._rows(batch, versions)
            await self._connection.executemany(
                f"INSERT INTO feedback ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", rows
            )
            await self._connection.executemany("UPDATE walls SET version = $2 WHERE id = $1", list(versions.items()))
        return rows


class RawMariaDB(RawServer):
    async def close(self) -> None:
        await self._connection.ensure_closed()

    async def _connect(self) -> Any:
        url = self._url
        connection = await asyncmy.connect(
            host=url.host, port=url.port or 3306, user=url.username, password=url.password or "", database=url.database
        )
        async with connection.cursor() as cursor:
            # Locks the walls first, to see commits of other processes.
            await cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return connection

    async def _store(self, batch: list[Waiting]) -> list[tuple[Any, ...]]:
        walls = ", ".join(str(each) for each in sorted({wall_id for wall_id, _, _ in batch}))
        async with self._connection.cursor() as cursor:
            await self._connection.begin()
            await cursor.execute(f"SELECT id, version FROM walls WHERE id IN ({walls}) ORDER BY id FOR UPDATE")
            versions: dict[int, int] = dict(await cursor.fetchall())
            rows = self._rows(batch, versions)
            columns = COLUMNS.replace("key", "`key`")
            await cursor.executemany(
                f"INSERT INTO feedback ({columns}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows
            )
            for wall_id, version in versions.items():
                await cursor.execute("UPDATE walls SET version = %s WHERE id = %s", (version, wall_id))
            await self._connection.commit()
        return rows


def _answer(batch: list[Waiting], rows: list[tuple[Any, ...]]) -> None:
    for (_, _, answer), row in zip(batch, rows, strict=True):
        answer.set_result(row[1])
