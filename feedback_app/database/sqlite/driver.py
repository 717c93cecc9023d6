"""Errands to SQLite: one for each statement to the thread of its connection, and not four.

aiosqlite makes a cursor, executes, fetches and closes by separate calls, each of which wakes a thread and is waited for
by the event loop; with short statements that is most of what they cost. Here the thread does all of it in one go.
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


class _Outcome(NamedTuple):
    """What is left of a cursor whose rows have been fetched: all that SQLAlchemy asks it for."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1

    def close(self) -> None:
        """The thread has done it."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()
    _awaitable_cursor_close = False

    def _make_new_cursor(self, _connection: Any) -> Any:
        return _Outcome()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._run(_execute, operation, parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._run(_execute_many, operation, seq_of_parameters)

    async def _run(self, errand: Any, *arguments: Any) -> None:
        connection: Any = self._connection
        async with self._adapt_connection._execute_mutex:
            outcome, rows = await connection._execute(errand, connection._conn, *arguments)
        self._cursor, self._rows = outcome, collections.deque(rows)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arguments: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        connection: Any = aiosqlite.connect(*arguments, **options)
        connection._thread.daemon = True  # A process that was told to stop does not wait for it.
        return _Connection(self, await_(connection))


def driver() -> Any:
    """What SQLAlchemy is given in the place of its own way to aiosqlite."""
    return _Driver(cast("Any", aiosqlite), sqlite3)


def _execute(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[_Outcome, list[Any]]:
    cursor = connection.execute(operation, parameters or ())
    return _finish(cursor)


def _execute_many(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[_Outcome, list[Any]]:
    return _finish(connection.executemany(operation, parameters))


def _finish(cursor: sqlite3.Cursor) -> tuple[_Outcome, list[Any]]:
    try:
        rows = cursor.fetchall() if cursor.description else []
        return _Outcome(cursor.description, cursor.rowcount, cursor.lastrowid), rows
    finally:
        cursor.close()
