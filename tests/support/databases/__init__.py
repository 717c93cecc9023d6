"""The databases that tests run on: files, and databases of their own on the servers of this machine.

Making one takes a server up to a quarter of a second, emptying one some 20 ms, so a test process uses a few of them
again and again: before the next test everything but the first wall is taken out.
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
