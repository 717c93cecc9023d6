"""The current version of a wall, read so cheaply that the page cache checks it for every request."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeEngine

from ..database import Database
from ..models import Wall
from ..web.tasks import cancel_all

# On a database server, a result is reused for this long, so other machines' commits are seen this much later.
SECONDS = 0.05
# Readers stop waiting for a query after the first time, and the query is cancelled after the second.
PATIENCE_SECONDS = 2
GIVE_UP_SECONDS = 10
SQLITE = dialect()


class WallVersion(NamedTuple):
    """What a wall's public pages depend on: they change only when this changes."""

    wall_id: int
    version: int


class VersionUnknown(Exception):
    """The database did not give the version: an error, or with `hangs` a timeout, which others would run into too."""

    def __init__(self, *, hangs: bool = False) -> None:
        super().__init__()
        self.hangs = hangs


class WallVersions(ABC):
    """Current versions of walls, by their slug."""

    @abstractmethod
    def immediate(self, slug: str) -> WallVersion | None:
        """The wall's current state if it is known without waiting, else None. Raises VersionUnknown."""

    @abstractmethod
    async def of(self, slug: str) -> WallVersion | None:
        """The wall's current state, None when there is no such wall. Raises VersionUnknown."""

    @abstractmethod
    async def wall(self, slug: str) -> Wall | None:
        """The wall with its settings, None when there is no such wall. Raises VersionUnknown.

        It is shared and belongs to no session: it must not be modified.
        """

    @abstractmethod
    async def of_all(self, slugs: Iterable[str]) -> dict[str, WallVersion]:
        """The current states of those walls that exist, by slug. Raises VersionUnknown."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection."""


class SQLiteWallVersions(WallVersions):
    """Asks `PRAGMA data_version` each time, on its own connection: about 10 µs show that nothing was committed."""

    def __init__(self, file: Path) -> None:
        self._address = f"{file.absolute().as_uri()}?mode=ro"
        self._cursor: sqlite3.Cursor | None = None
        self._data_version = 0
        self._is_checked = False
        self._states: dict[str, WallVersion] = {}
        self._walls: dict[str, Wall] = {}
        statement = Wall.states(["main"]).compile(dialect=SQLITE, compile_kwargs={"render_postcompile": True})
        self._state_sql = str(statement)
        self._wall_sql = str(Wall.named("main").compile(dialect=SQLITE))

    def immediate(self, slug: str) -> WallVersion | None:
        """Always known, since the file is read in this process. Raises VersionUnknown when it cannot be read."""
        try:
            cursor = self._cursor or self._open()
            if not self._is_checked:
                self._check(cursor)
            return self._states.get(slug) or self._read(slug, cursor)
        except sqlite3.Error as error:
            self._close()
            raise VersionUnknown() from error

    async def of(self, slug: str) -> WallVersion | None:
        return self.immediate(slug)

    async def wall(self, slug: str) -> Wall | None:
        if self.immediate(slug) is None:
            return None
        return self._walls.get(slug) or self._read_wall(slug)

    async def of_all(self, slugs: Iterable[str]) -> dict[str, WallVersion]:
        return {slug: state for slug in slugs if (state := self.immediate(slug)) is not None}

    async def close(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._cursor is not None:
            self._cursor.connection.close()
            self._cursor = None
            self._is_checked = False
            self._states.clear()
            self._walls.clear()

    def _check(self, cursor: sqlite3.Cursor) -> None:
        """Clear the caches after a commit; one check serves all requests of this iteration of the event loop.

        They all arrived before the check. Later ones run after `_expire`, and check again.
        """
        (data_version,) = cursor.execute("PRAGMA data_version").fetchone()
        if data_version != self._data_version:
            self._data_version = data_version
            self._states.clear()
            self._walls.clear()
        self._is_checked = True
        asyncio.get_running_loop().call_soon(self._expire)

    def _expire(self) -> None:
        self._is_checked = False

    def _open(self) -> sqlite3.Cursor:
        # Without a busy timeout: on a lock, Quart answers the request, and waits there.
        self._cursor = sqlite3.connect(self._address, uri=True, isolation_level=None, timeout=0).cursor()
        return self._cursor

    def _read(self, slug: str, cursor: sqlite3.Cursor) -> WallVersion | None:
        row = cursor.execute(self._state_sql, (slug,)).fetchone()
        if row is None:
            return None
        state = self._states[slug] = WallVersion(*row[1:])
        return state

    def _read_wall(self, slug: str) -> Wall | None:
        try:
            row = (self._cursor or self._open()).execute(self._wall_sql, (slug,)).fetchone()
        except sqlite3.Error as error:
            self._close()
            raise VersionUnknown() from error
        if row is None:
            return None
        columns = zip(Wall.__table__.columns, row, strict=True)
        wall = self._walls[slug] = Wall(**{column.key: _value(column.type, stored) for column, stored in columns})
        return wall


class ServerWallVersions(WallVersions):
    """Queries each requested wall at most every 50 ms; this process's own commits take effect immediately."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queries: dict[str, tuple[float, asyncio.Task[Wall | None]]] = {}
        # All unfinished queries, also outdated ones: each has a connection.
        self._running: set[asyncio.Task[Wall | None]] = set()
        database.on_commit(self._queries.clear)

    def immediate(self, slug: str) -> WallVersion | None:
        started, query = self._queries.get(slug, (0.0, None))
        is_current = query is not None and query.done() and asyncio.get_running_loop().time() - started <= SECONDS
        return _state(query.result()) if query is not None and is_current else None

    async def of(self, slug: str) -> WallVersion | None:
        return _state(await self.wall(slug))

    async def wall(self, slug: str) -> Wall | None:
        """From a query that started after the call. Raises VersionUnknown when it fails or takes too long."""
        clock = asyncio.get_running_loop().time
        asked = clock()
        while True:
            started, query = self._queries.get(slug) or self._start(slug)
            # Several requests share a query, so none of them may cancel it.
            await asyncio.wait({query}, timeout=max(0, started + PATIENCE_SECONDS - clock()))
            if not query.done():
                raise VersionUnknown(hangs=True)
            if asked - started <= SECONDS:
                return query.result()
            if self._queries.get(slug) == (started, query):
                del self._queries[slug]

    async def of_all(self, slugs: Iterable[str]) -> dict[str, WallVersion]:
        """One query for all. Raises VersionUnknown when it fails or takes too long."""
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS), self._database.reading() as session:
                return {slug: WallVersion(*state) for slug, *state in await session.execute(Wall.states(slugs))}
        except (SQLAlchemyError, OSError) as error:
            raise VersionUnknown(hangs=isinstance(error, TimeoutError)) from error

    async def close(self) -> None:
        await cancel_all(self._running)

    def _start(self, slug: str) -> tuple[float, asyncio.Task[Wall | None]]:
        clock = asyncio.get_running_loop().time()
        for each in [
            each for each, (started, query) in self._queries.items() if query.done() and clock - started > SECONDS
        ]:
            del self._queries[each]
        query = asyncio.create_task(self._query(slug))
        self._running.add(query)
        query.add_done_callback(self._running.discard)
        self._queries[slug] = clock, query
        return clock, query

    async def _query(self, slug: str) -> Wall | None:
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS), self._database.reading() as session:
                return await session.scalar(Wall.named(slug))
        except (SQLAlchemyError, OSError) as error:
            raise VersionUnknown(hangs=isinstance(error, TimeoutError)) from error


def _state(wall: Wall | None) -> WallVersion | None:
    return None if wall is None else WallVersion(wall.id, wall.version)


def _value(kind: TypeEngine[Any], stored: Any) -> Any:
    """A value from SQLite, converted as SQLAlchemy would."""
    processor = kind.dialect_impl(SQLITE).result_processor(SQLITE, None)
    return stored if processor is None else processor(stored)


def wall_versions_for(database: Database) -> WallVersions:
    """The implementation for this database."""
    return SQLiteWallVersions(database.file) if database.file is not None else ServerWallVersions(database)
