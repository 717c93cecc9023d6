"""Freshness: which version a wall has at this moment, asked so cheaply that no page need ever be older."""

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

# What other machines committed is seen after this long at the latest, where each look is a question over the network.
SECONDS = 0.05
# A look that takes longer than this proves nothing any more, and is given up after the second time.
PATIENCE_SECONDS = 2
GIVE_UP_SECONDS = 10
SQLITE = dialect()


class State(NamedTuple):
    """Everything that a wall's public pages are made of: another state, other pages."""

    wall_id: int
    version: int


class VersionUnknown(Exception):
    """The database does not say what the state is: it refuses, or it `hangs`, and would keep others waiting as well."""

    def __init__(self, *, hangs: bool = False) -> None:
        super().__init__()
        self.hangs = hangs


class WallVersions(ABC):
    @abstractmethod
    def at_once(self, slug: str) -> State | None:
        """The wall's state where it is proved without waiting for anything."""

    @abstractmethod
    async def of(self, slug: str) -> State | None:
        """The wall's state, None where there is no such wall. Raises Unproved."""

    @abstractmethod
    async def wall(self, slug: str) -> Wall | None:
        """The wall itself, to look at how it is arranged, None where there is none. Raises Unproved.

        It belongs to no session and to everybody: nothing on it may be changed.
        """

    @abstractmethod
    async def of_all(self, slugs: Iterable[str]) -> dict[str, State]:
        """The states of those that there are. Raises Unproved."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of every connection."""


class SQLiteWallVersions(WallVersions):
    """Looks every time, on a connection kept for that: some ten microseconds tell that nobody committed since."""

    def __init__(self, file: Path) -> None:
        self._address = f"{file.absolute().as_uri()}?mode=ro"
        self._cursor: sqlite3.Cursor | None = None
        self._data_version = 0
        self._is_proved = False
        self._states: dict[str, State] = {}
        self._walls: dict[str, Wall] = {}
        question = Wall.states(["main"]).compile(dialect=SQLITE, compile_kwargs={"render_postcompile": True})
        self._question = str(question)
        self._whole = str(Wall.named("main").compile(dialect=SQLITE))

    def at_once(self, slug: str) -> State | None:
        try:
            cursor = self._cursor or self._open()
            if not self._is_proved:
                self._prove(cursor)
            return self._states.get(slug) or self._read(slug, cursor)
        except sqlite3.Error as error:
            self._forget()
            raise VersionUnknown() from error

    async def of(self, slug: str) -> State | None:
        return self.at_once(slug)

    async def wall(self, slug: str) -> Wall | None:
        if self.at_once(slug) is None:
            return None
        return self._walls.get(slug) or self._read_whole(slug)

    async def of_all(self, slugs: Iterable[str]) -> dict[str, State]:
        return {slug: state for slug in slugs if (state := self.at_once(slug)) is not None}

    async def close(self) -> None:
        self._forget()

    def _forget(self) -> None:
        if self._cursor is not None:
            self._cursor.connection.close()
            self._cursor = None
            self._is_proved = False
            self._states.clear()
            self._walls.clear()

    def _prove(self, cursor: sqlite3.Cursor) -> None:
        """One look serves all that are waiting for their turn at this moment, since it comes after every one of them.

        Whatever comes later is put behind what we ask the loop to call here, and looks again.
        """
        (data_version,) = cursor.execute("PRAGMA data_version").fetchone()
        if data_version != self._data_version:
            self._data_version = data_version
            self._states.clear()
            self._walls.clear()
        self._is_proved = True
        asyncio.get_running_loop().call_soon(self._doubt)

    def _doubt(self) -> None:
        self._is_proved = False

    def _open(self) -> sqlite3.Cursor:
        # It never waits: whoever is in the way, Quart has the patience for.
        self._cursor = sqlite3.connect(self._address, uri=True, isolation_level=None, timeout=0).cursor()
        return self._cursor

    def _read(self, slug: str, cursor: sqlite3.Cursor) -> State | None:
        row = cursor.execute(self._question, (slug,)).fetchone()
        if row is None:
            return None
        state = self._states[slug] = State(*row[1:])
        return state

    def _read_whole(self, slug: str) -> Wall | None:
        try:
            row = (self._cursor or self._open()).execute(self._whole, (slug,)).fetchone()
        except sqlite3.Error as error:
            self._forget()
            raise VersionUnknown() from error
        if row is None:
            return None
        columns = zip(Wall.__table__.columns, row, strict=True)
        wall = self._walls[slug] = Wall(**{column.key: _value(column.type, stored) for column, stored in columns})
        return wall


class ServerWallVersions(WallVersions):
    """Looks at most every 50 ms for each wall that is asked for; this process's own commits are seen at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looks: dict[str, tuple[float, asyncio.Task[Wall | None]]] = {}
        # Those that are not done, whether their answer still counts or not: each has a connection.
        self._looking: set[asyncio.Task[Wall | None]] = set()
        database.on_commit(self._looks.clear)

    def at_once(self, slug: str) -> State | None:
        started, look = self._looks.get(slug, (0.0, None))
        is_proof = look is not None and look.done() and asyncio.get_running_loop().time() - started <= SECONDS
        return _state(look.result()) if look is not None and is_proof else None

    async def of(self, slug: str) -> State | None:
        return _state(await self.wall(slug))

    async def wall(self, slug: str) -> Wall | None:
        clock = asyncio.get_running_loop().time
        came = clock()
        while True:
            started, look = self._looks.get(slug) or self._start(slug)
            # Several wait for the same look, so that none of them may cancel it.
            await asyncio.wait({look}, timeout=max(0, started + PATIENCE_SECONDS - clock()))
            if not look.done():
                raise VersionUnknown(hangs=True)
            if came - started <= SECONDS:
                return look.result()
            if self._looks.get(slug) == (started, look):
                del self._looks[slug]

    async def of_all(self, slugs: Iterable[str]) -> dict[str, State]:
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS), self._database.reading() as session:
                return {slug: State(*state) for slug, *state in await session.execute(Wall.states(slugs))}
        except (SQLAlchemyError, OSError) as error:
            raise VersionUnknown(hangs=isinstance(error, TimeoutError)) from error

    async def close(self) -> None:
        await cancel_all(self._looking)

    def _start(self, slug: str) -> tuple[float, asyncio.Task[Wall | None]]:
        clock = asyncio.get_running_loop().time()
        for each in [
            each for each, (started, look) in self._looks.items() if look.done() and clock - started > SECONDS
        ]:
            del self._looks[each]
        look = asyncio.create_task(self._look(slug))
        self._looking.add(look)
        look.add_done_callback(self._looking.discard)
        self._looks[slug] = clock, look
        return clock, look

    async def _look(self, slug: str) -> Wall | None:
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS), self._database.reading() as session:
                return await session.scalar(Wall.named(slug))
        except (SQLAlchemyError, OSError) as error:
            raise VersionUnknown(hangs=isinstance(error, TimeoutError)) from error


def _state(wall: Wall | None) -> State | None:
    return None if wall is None else State(wall.id, wall.version)


def _value(kind: TypeEngine[Any], stored: Any) -> Any:
    """What SQLAlchemy makes of what SQLite has."""
    processor = kind.dialect_impl(SQLITE).result_processor(SQLITE, None)
    return stored if processor is None else processor(stored)


def wall_versions_for(database: Database) -> WallVersions:
    return SQLiteWallVersions(database.file) if database.file is not None else ServerWallVersions(database)
