"""The limits of what is possible: posts that share commits, straight through the driver, with nothing around it.

They take versions and store a row as we do, and answer after the commit; they know no keys, limits or failures.
"""

import asyncio
import queue
import sqlite3
import threading
from typing import Any, Protocol

import asyncpg
from sqlalchemy import make_url

BATCH = 256
COLUMNS = "wall_id, version, state, name, text, author, key, created_at"
Row = tuple[str, str, str, str, Any]
Waiting = tuple[int, Row, "asyncio.Future[int]"]


class RawWriter(Protocol):
    async def write(self, wall_id: int, row: Row) -> int:
        """Store (name, text, author, key, time) and give the version."""

    async def close(self) -> None: ...


class RawSQLite:
    """A thread that takes all that wait."""

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
                rows.append((wall_id, versions[wall_id], "public", *row))
            connection.executemany(
                f"INSERT INTO feedback ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            connection.executemany(
                "UPDATE walls SET version = ? WHERE id = ?", [(version, id_) for id_, version in versions.items()]
            )
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, batch, rows)
        connection.close()


class RawPostgreSQL:
    """A task that takes all that wait, on one connection."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection[Any] | None = None

    async def write(self, wall_id: int, row: Row) -> int:
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((wall_id, row, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await answer

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _run(self) -> None:
        connection = self._connection = self._connection or await asyncpg.connect(self._url)
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            async with connection.transaction():
                walls = sorted({wall_id for wall_id, _, _ in batch})
                found = await connection.fetch(
                    "SELECT id, version FROM walls WHERE id = ANY($1) ORDER BY id FOR UPDATE", walls
                )
                versions: dict[int, int] = {row["id"]: row["version"] for row in found}
                rows = []
                for wall_id, row, _ in batch:
                    versions[wall_id] += 1
                    rows.append((wall_id, versions[wall_id], "public", *row))
                await connection.executemany(
                    f"INSERT INTO feedback ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    rows,
                )
                await connection.executemany("UPDATE walls SET version = $2 WHERE id = $1", list(versions.items()))
            _answer(batch, rows)
        self._task = None


def _answer(batch: list[Waiting], rows: list[tuple[Any, ...]]) -> None:
    for (_, _, answer), row in zip(batch, rows, strict=True):
        answer.set_result(row[1])
