"""SQLAlchemy engines: validate the database URL, choose the driver, and set the SQLite pragmas."""

import re
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ..config import PREFIX, ConfigurationError
from . import mariadb, postgresql
from .errors import DatabaseUnfit
from .sqlite import driver

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mariadb": "mysql+asyncmy",
    "mariadb+asyncmy": "mysql+asyncmy",
}
HOST = re.compile(r"[\w.:%-]*|/[\w./-]*")
# Multiple hosts, as libpq and MariaDB drivers write them. No @ may follow, since a password precedes an @.
_ONE = r"(?:[\w.%-]+|\[[\w.:%]+\])(?::\d*)?"
_SEVERAL = re.compile(rf"[\w+]+://(?:[^@/?#]*@)?{_ONE}(?:,{_ONE})+(?:[/?#][^@]*)?")
ESCAPED = "@ / # ? : and % of a name or password percent-encoded (@ is %40, / is %2F, # is %23, ? is %3F, % is %25)"
# Connections could go to different hosts, and a page could be older than the version its reader already has.
SEVERAL_HOSTS = (
    f"{PREFIX}DATABASE_URL names several hosts, and one is supported. Name the one that takes writes, or an address "
    f"that always leads to it."
)
SERVERS = {"postgresql": postgresql.make_engine, "mysql": mariadb.make_engine}
EXTRAS = {"postgresql": "postgresql", "mysql": "mariadb"}
BUSY_MILLISECONDS = 5000
PATIENT_MILLISECONDS = 60_000
JOURNAL_BYTES = 64 * 2**20
CHECKPOINT_PAGES = 1000
READERS = 4
SYNCHRONOUS = {"full": 2, "normal": 1}


def complete_url(url: str | URL) -> URL:
    """The parsed database URL with the async driver filled in.

    Raises ConfigurationError when the URL is malformed, names several hosts or an unsupported driver, or lacks a
    database name.
    """
    if _SEVERAL.fullmatch(str(url)):
        raise ConfigurationError(SEVERAL_HOSTS)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"{PREFIX}DATABASE_URL is not the address of a database. Write it like "
            f"sqlite:////srv/wall/feedback.sqlite3 or postgresql://user:password@host/name, with {ESCAPED}."
        ) from None
    if not parsed.drivername.startswith("sqlite") and (str(url).count("@") > 1 or _is_ambiguous(parsed)):
        # The message shows nothing of the URL: what looks like a host may be the end of the password.
        raise ConfigurationError(f"{PREFIX}DATABASE_URL cannot be read without doubt. Write it with {ESCAPED}.")
    if any(not isinstance(value, str) or "," in value for value in map(parsed.query.get, ("host", "port")) if value):
        raise ConfigurationError(SEVERAL_HOSTS)
    if parsed.drivername in DRIVERS:
        parsed = parsed.set(drivername=DRIVERS[parsed.drivername])
    if parsed.get_backend_name() == "sqlite" and parsed.query:
        raise ConfigurationError(f"{PREFIX}DATABASE_URL names a file; leave out what stands behind its question mark.")
    if parsed.drivername not in DRIVERS.values():
        raise ConfigurationError(
            f"{PREFIX}DATABASE_URL names the database system {parsed.drivername!r}, which is not supported. "
            f"Use sqlite, postgresql or mariadb, and name no driver."
        )
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ConfigurationError(
                f"{PREFIX}DATABASE_URL names a database in memory, which would forget every word. Name a file, such as "
                f"sqlite:////srv/wall/feedback.sqlite3."
            )
    elif not parsed.database:
        raise ConfigurationError(
            f"{PREFIX}DATABASE_URL names a server but no database on it. Write it like "
            f"{parsed.get_backend_name()}://user:password@host/name."
        )
    return parsed


def _is_ambiguous(url: URL) -> bool:
    """Whether a part of the URL contains characters that belong to another part."""
    is_no_port = url.port is not None and not 0 < url.port < 65536
    return is_no_port or not HOST.fullmatch(url.host or "") or bool(re.search(r"[@#/:]", url.database or ""))


def make_engine(url: URL, *, writes: bool, patient: bool = False, synchronous: str = "full") -> AsyncEngine:
    """An engine for reading or for writing; `patient` lifts the timeouts for migrations.

    Raises ConfigurationError when the driver is not installed. Its connections raise DatabaseUnfit when the database
    does not accept the settings they need.
    """
    system = url.get_backend_name()
    if system != "sqlite":
        try:
            return SERVERS[system](url, writes=writes, patient=patient)
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"{PREFIX}DATABASE_URL needs {error.name}, which is not installed. Install it with: "
                f"pip install '.[{EXTRAS[system]}]' (in a checkout of feedback-app)"
            ) from None
    engine = create_async_engine(
        url,
        module=driver.driver(),
        connect_args={"timeout": BUSY_MILLISECONDS / 1000},
        pool_size=1 if writes else READERS,
        max_overflow=0,
        hide_parameters=True,  # Visitors' texts must not appear in logged errors.
    )
    _configure_sqlite(engine, writes=writes, patient=patient, synchronous=SYNCHRONOUS[synchronous])
    return engine


def _configure_sqlite(engine: AsyncEngine, *, writes: bool, patient: bool, synchronous: int) -> None:
    """Begin transactions here instead of in the driver, and verify every pragma."""
    wanted: dict[str, int | str] = {
        "busy_timeout": PATIENT_MILLISECONDS if patient else BUSY_MILLISECONDS,
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": synchronous,
        "journal_size_limit": JOURNAL_BYTES,
        # Only writers checkpoint the WAL, and only while they hold the write lock.
        "wal_autocheckpoint": CHECKPOINT_PAGES if writes else 0,
        "query_only": 0 if writes else 1,
    }
    if writes:
        # Overwrite blanked and deleted text in the file.
        wanted["secure_delete"] = 1

    @event.listens_for(engine.sync_engine, "do_connect")
    def open_only(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        # Without mode=rw, SQLite would replace a file that has disappeared with an empty one.
        arguments[0] = f"{Path(arguments[0]).absolute().as_uri()}?mode=rw"
        options["uri"] = True

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            for pragma, value in wanted.items():
                cursor.execute(f"PRAGMA {pragma} = {value}")
                cursor.execute(f"PRAGMA {pragma}")
                (found,) = cursor.fetchone()
                if found != value:
                    raise DatabaseUnfit(
                        f"SQLite does not take PRAGMA {pragma} = {value} on {engine.url.database} (it says {found}). "
                        f"A file on a network drive is the usual cause: put it on a local disk."
                    )
        except sqlite3.DatabaseError as error:
            raise DatabaseUnfit(f"{engine.url.database} cannot be used as a database: {error}.") from error
        finally:
            cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # A deferred transaction that reads and then writes fails with SQLITE_BUSY instead of waiting.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
