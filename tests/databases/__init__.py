"""The databases that tests run on: files, and databases of their own on the servers of this machine.

Making one takes a server up to a quarter of a second, emptying one some 20 ms, so a test process uses a few of them
again and again: before the next test everything but the first wall is taken out.
"""

import asyncio
import hashlib
import os
import re
import shutil
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncmy
import asyncpg
from sqlalchemy import URL, make_url

from feedback_app import installation
from feedback_app.config import Settings
from feedback_app.database import Database
from feedback_app.secret import Secrets

ENGINES = ("sqlite", "postgresql", "mariadb")
VARIABLES = {"postgresql": "FEEDBACK_TEST_POSTGRESQL", "mariadb": "FEEDBACK_TEST_MARIADB"}
DEFAULTS = {"postgresql": "postgresql://postgres@127.0.0.1:5432", "mariadb": "mysql://root@127.0.0.1:3306"}
PORTS = {"postgresql": 5432, "mariadb": 3306}
MACHINE = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]
OURS = re.compile(rf"feedback_test_{MACHINE}_(\d+)_\w+")


def server_url(engine: str) -> URL:
    return make_url(os.environ.get(VARIABLES[engine]) or DEFAULTS[engine])


def missing(engine: str) -> str | None:
    """Why tests cannot run on this engine here, in one line; None when they can."""
    if engine == "sqlite":
        return None
    url = server_url(engine)
    host, port = url.host or "127.0.0.1", url.port or PORTS[engine]
    try:
        with socket.create_connection((host, port), timeout=5):
            return None
    except OSError as error:
        return f"No {engine} server at {host}:{port} ({error.strerror}): start it, or set {VARIABLES[engine]}."


class Folders:
    """Data folders, each with a database of its own that is migrated and has the wall `main`."""

    def __init__(self, engine: str, home: Path) -> None:
        self.engine, self.template = engine, home / f"template-{engine}"
        self._server = _Postgresql() if engine == "postgresql" else _MariaDB() if engine == "mariadb" else None
        if self._server is not None:
            remember_url(self.template, self._server.start())
        settings = Settings(data=self.template, database_url=url_of(self.template))

        async def make() -> None:
            database = Database(installation.database_url(settings))
            await installation.open_database(settings, database)
            await database.close()

        run_apart(make())
        Secrets(settings)
        if self._server is not None:
            self._server.take_template()

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Path]:
        """A data folder as the first start makes it."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.template, folder)
        if self._server is None:
            yield folder
            return
        name = self._server.borrow()
        remember_url(folder, self._server.url(name))
        try:
            yield folder
        finally:
            self._server.give_back(name)

    @contextmanager
    def empty(self, folder: Path) -> Iterator[Path]:
        """A data folder that is not there yet, and an empty database for it."""
        if self._server is None:
            yield folder
            return
        name = self._server.make_empty()
        remember_url(folder, self._server.url(name))
        try:
            yield folder
        finally:
            self._server.drop(name)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()


def remember_url(folder: Path, url: str) -> None:
    """Beside the folder: in it, it would be found by tests that look at what is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _url_file(folder).write_text(url)


def url_of(folder: Path) -> str:
    """FEEDBACK_DATABASE_URL for a data folder of a test; empty for an SQLite file in it."""
    return _url_file(folder).read_text() if _url_file(folder).exists() else ""


def _url_file(folder: Path) -> Path:
    return folder.with_name(folder.name + ".url")


class _Loop:
    """An event loop in a thread, for fixtures that are no coroutines; tests have loops of their own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="databases of tests", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)


_loop: _Loop | None = None


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that runs beside whatever loop there is here."""
    global _loop
    _loop = _loop or _Loop()
    return _loop.run(work)


class _Server:
    """Databases on a server: named after the process, so that others may run, and leftovers can be told from theirs."""

    engine: str

    def __init__(self) -> None:
        self.base = server_url(self.engine)
        self._prefix = f"feedback_test_{MACHINE}_{os.getpid()}"
        self._made: list[str] = []
        self._free: list[str] = []
        self._count = 0

    def start(self) -> str:
        """Connect, sweep up what killed test runs left, and give the address of an empty database."""
        run_apart(self._connect())
        for name in run_apart(self._names()):
            if (found := OURS.fullmatch(name)) and not _is_alive(int(found.group(1))):
                with suppress(asyncpg.PostgresError, asyncmy.errors.Error):
                    run_apart(self._drop(name))
        self.template = self.make_empty()
        return self.url(self.template)

    def url(self, name: str) -> str:
        return self.base.set(database=name).render_as_string(hide_password=False)

    def take_template(self) -> None:
        run_apart(self._take_template())

    def make_empty(self) -> str:
        self._count += 1
        name = f"{self._prefix}_{self._count}"
        run_apart(self._make(name))
        self._made.append(name)
        return name

    def borrow(self) -> str:
        if self._free:
            return self._free.pop()
        self._count += 1
        name = f"{self._prefix}_{self._count}"
        run_apart(self._clone(name))
        self._made.append(name)
        return name

    def give_back(self, name: str) -> None:
        if run_apart(self._empty(name)):
            self._free.append(name)
        else:
            self.drop(name)

    def drop(self, name: str) -> None:
        run_apart(self._drop(name))
        self._made.remove(name)

    def close(self) -> None:
        for name in list(self._made):
            self.drop(name)
        run_apart(self._disconnect())


class _Postgresql(_Server):
    engine = "postgresql"

    async def _connect(self) -> None:
        self.connection = await self._open("postgres")

    async def _open(self, database: str) -> Any:
        url = self.base
        return await asyncpg.connect(
            host=url.host, port=url.port or 5432, user=url.username, password=url.password, database=database
        )

    async def _disconnect(self) -> None:
        await self.connection.close()

    async def _names(self) -> list[str]:
        return [row[0] for row in await self.connection.fetch("SELECT datname FROM pg_database")]

    async def _make(self, name: str) -> None:
        await self.connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")

    async def _clone(self, name: str) -> None:
        await self.connection.execute(f"CREATE DATABASE {name} TEMPLATE {self.template}")

    async def _drop(self, name: str) -> None:
        await self.connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _take_template(self) -> None:
        connection = await self._open(self.template)
        self.schema = await self._look(connection)
        self.rows = {
            table: await connection.fetchval(f'SELECT json_agg(t)::text FROM "{table}" t')
            for table in self._tables(self.schema)
        }
        await connection.close()

    @staticmethod
    def _tables(schema: Any) -> list[str]:
        return sorted({row[0] for row in schema[0]} - {"alembic_version"})

    @staticmethod
    async def _look(connection: Any) -> Any:
        columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        try:
            version = await connection.fetch("SELECT version_num FROM alembic_version")
        except asyncpg.UndefinedTableError:
            version = []
        return await connection.fetch(columns + " ORDER BY 1, 2"), version

    async def _empty(self, name: str) -> bool:
        """Whether the database is as the template again."""
        await self.connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        connection = await self._open(name)
        try:
            if await self._look(connection) != self.schema:
                return False
            tables = self._tables(self.schema)
            async with connection.transaction():
                await connection.execute("SET LOCAL session_replication_role = replica")
                await connection.execute(
                    "TRUNCATE " + ", ".join(f'"{table}"' for table in tables) + " RESTART IDENTITY"
                )
                for table, rows in self.rows.items():
                    if rows is not None:
                        await connection.execute(
                            f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", $1)', rows
                        )
                        await connection.execute(
                            f"SELECT setval(pg_get_serial_sequence($1, 'id'), max(id)) FROM \"{table}\"", table
                        )
        finally:
            await connection.close()
        return True


class _MariaDB(_Server):
    engine = "mariadb"

    async def _connect(self) -> None:
        url = self.base
        self.connection = await asyncmy.connect(
            host=url.host, port=url.port or 3306, user=url.username, password=url.password or "", autocommit=True
        )

    async def _disconnect(self) -> None:
        await self.connection.ensure_closed()

    async def _ask(self, question: str) -> list[tuple[Any, ...]]:
        async with self.connection.cursor() as cursor:
            await cursor.execute(question)
            return list(await cursor.fetchall())

    async def _names(self) -> list[str]:
        return [row[0] for row in await self._ask("SELECT schema_name FROM information_schema.schemata")]

    async def _make(self, name: str) -> None:
        # The server's default might be anything; our tables say themselves what they need.
        await self._ask(f"CREATE DATABASE {name} CHARACTER SET latin1")

    async def _clone(self, name: str) -> None:
        await self._make(name)
        await self._ask(f"USE {name}")
        await self._ask("SET foreign_key_checks = 0")
        for table in [*self._tables(self.schema), "alembic_version"]:
            ((_, statement),) = await self._ask(f"SHOW CREATE TABLE {self.template}.`{table}`")
            await self._ask(statement)
            await self._ask(f"INSERT INTO `{table}` SELECT * FROM {self.template}.`{table}`")

    async def _drop(self, name: str) -> None:
        await self._disturb(name)
        await self._ask(f"DROP DATABASE IF EXISTS {name}")

    async def _take_template(self) -> None:
        self.schema = await self._look(self.template)

    @staticmethod
    def _tables(schema: Any) -> list[str]:
        return sorted({row[0] for row in schema[0]} - {"alembic_version"})

    async def _look(self, name: str) -> Any:
        columns = await self._ask(
            "SELECT table_name, column_name FROM information_schema.columns "
            f"WHERE table_schema = '{name}' ORDER BY 1, 2"
        )
        known = any(row[0] == "alembic_version" for row in columns)
        return columns, await self._ask(f"SELECT version_num FROM {name}.alembic_version") if known else []

    async def _disturb(self, name: str) -> None:
        """End the connections of programs that a test has left."""
        for (number,) in await self._ask(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"):
            if number != self.connection.thread_id():
                with suppress(asyncmy.errors.Error):
                    await self._ask(f"KILL {number}")

    async def _empty(self, name: str) -> bool:
        """Whether the database is as the template again."""
        await self._disturb(name)
        if await self._look(name) != self.schema:
            return False
        await self._ask(f"USE {name}")
        await self._ask("SET foreign_key_checks = 0")
        for table in self._tables(self.schema):
            ((count,),) = await self._ask(f"SELECT count(*) FROM {self.template}.`{table}`")
            ((next_number,),) = await self._ask(
                f"SELECT coalesce(auto_increment, 1) FROM information_schema.tables "
                f"WHERE table_schema = '{name}' AND table_name = '{table}'"
            )
            await self._ask(f"DELETE FROM `{table}`")
            if next_number > 1:
                await self._ask(f"ALTER TABLE `{table}` AUTO_INCREMENT = 1")
            if count:
                await self._ask(f"INSERT INTO `{table}` SELECT * FROM {self.template}.`{table}`")
        return True


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
