"""Databases of tests: SQLite files, and databases on this machine's servers.

A server needs up to 250 ms to create a database, and some 20 ms to empty one. So a test process reuses a few of them,
and resets each to a template after a test.
"""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedback_app.config import Settings
from feedback_app.database import Database
from feedback_app.installation import data_folder
from feedback_app.installation.secret_key import Secrets

from .apart import run_apart
from .mariadb import MariaDB
from .postgresql import Postgresql
from .server import VARIABLES, Server, server_url

__all__ = ["ENGINES", "Folders", "missing", "server_url", "url_of"]

ENGINES = ("sqlite", "postgresql", "mariadb")
SERVERS: dict[str, type[Server]] = {"postgresql": Postgresql, "mariadb": MariaDB}
PORTS = {"postgresql": 5432, "mariadb": 3306}


def missing(engine: str) -> str | None:
    """Why tests cannot run on this engine here, or None."""
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
    """Makes data folders, each with a migrated database and the wall `main`."""

    def __init__(self, engine: str, home: Path) -> None:
        self.engine, self.template = engine, home / f"template-{engine}"
        self._server = SERVERS[engine]() if engine in SERVERS else None
        if self._server is not None:
            remember_url(self.template, self._server.start())
        settings = Settings(data=self.template, database_url=url_of(self.template))

        async def make() -> None:
            database = Database(data_folder.database_url(settings))
            await data_folder.open_database(settings, database)
            await database.close()

        run_apart(make())
        Secrets(settings)
        if self._server is not None:
            self._server.take_template()

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Path]:
        """A data folder as after the first start."""
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
        """A missing data folder with an empty database."""
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
    """Store the URL beside the folder, since some tests list its files."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _url_file(folder).write_text(url)


def url_of(folder: Path) -> str:
    """FEEDBACK_DATABASE_URL for a data folder of a test; empty for an SQLite file in it."""
    return _url_file(folder).read_text() if _url_file(folder).exists() else ""


def _url_file(folder: Path) -> Path:
    return folder.with_name(folder.name + ".url")
