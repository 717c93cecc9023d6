"""SQLite driver: an aiosqlite adapter that makes one call per statement to the connection's thread instead of four.

aiosqlite opens a cursor, executes, fetches and closes in separate calls. Each wakes the thread and is awaited by the
event loop, which is most of the cost of a short statement.
"""

import collections
import sqlite3
from typing import Any, NamedTuple, cast

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util.concurrency import await_


class _ClosedCursor(NamedTuple):
    """The attributes that SQLAlchemy reads from a cursor whose rows have been fetched."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1

    def close(self) -> None:
        """Nothing to do: the thread has closed the cursor."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()
    _awaitable_cursor_close = False

    def _make_new_cursor(self, _connection: Any) -> Any:
        return _ClosedCursor()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._run(_execute, operation, parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._run(_execute_many, operation, seq_of_parameters)

    async def _run(self, function: Any, *arguments: Any) -> None:
        connection: Any = self._connection
        async with self._adapt_connection._execute_mutex:
            cursor, rows = await connection._execute(function, connection._conn, *arguments)
        self._cursor, self._rows = cursor, collections.deque(rows)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arguments: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        connection: Any = aiosqlite.connect(*arguments, **options)
        connection._thread.daemon = True  # A process that stops does not wait for it.
        return _Connection(self, await_(connection))


def driver() -> Any:
    """The DBAPI module to pass to `create_async_engine`, instead of SQLAlchemy's aiosqlite adapter."""
    return _Driver(cast("Any", aiosqlite), sqlite3)


def _execute(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[_ClosedCursor, list[Any]]:
    cursor = connection.execute(operation, parameters or ())
    return _finish(cursor)


def _execute_many(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[_ClosedCursor, list[Any]]:
    return _finish(connection.executemany(operation, parameters))


def _finish(cursor: sqlite3.Cursor) -> tuple[_ClosedCursor, list[Any]]:
    try:
        rows = cursor.fetchall() if cursor.description else []
        return _ClosedCursor(cursor.description, cursor.rowcount, cursor.lastrowid), rows
    finally:
        cursor.close()
