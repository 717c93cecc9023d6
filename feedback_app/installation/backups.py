"""SQLite backup and restore: a consistent copy of a live database, and its restore. Servers have their own tools."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from ..config import ConfigurationError
from ..database import Database, DatabaseUnfit, schema
from ..database.restore import NOTHING, Counters, counters, raise_counters
from .ownership import hint

SIDES = ("", "-wal", "-shm")
TABLES = ("walls", "feedback")
# Free disk space below this counts as full.
LEAST_BYTES = 64 * 2**20


class Backup(NamedTuple):
    """The content of a backup: number of rows by table name, and the file's SHA-256 in hexadecimal."""

    counts: dict[str, int]
    digest: str


def native_tools(url: URL, *, restores: bool) -> str:
    """How to back up or restore a database server, as a message with the command."""
    if url.get_backend_name() == "postgresql":
        line = "pg_restore --clean --if-exists --dbname" if restores else "pg_dump --format=custom --file FILE --dbname"
        where = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
        line = f"{line} {where}" + (" FILE" if restores else "")
    else:
        host = f"--host {url.host or 'localhost'} --port {url.port or 3306} --user {url.username or 'root'} --password"
        tool = f"mariadb {host} {url.database} < FILE" if restores else ""
        line = tool or f"mariadb-dump --single-transaction --routines {host} {url.database} > FILE"
    return (
        f"This database lives on a server, whose own tool knows its users, its locks and its log, and copies it while "
        f"it serves. Run: {line}"
        + (", and then feedback-app migrate --restored, so that no reader keeps what is gone." if restores else "")
    )


@contextmanager
def in_use(database: Path, *, alone: bool = False) -> Iterator[None]:
    """Hold a file lock on a served database: shared, or `alone` (exclusive) to replace the file.

    The system releases it when the process ends. Raises ConfigurationError when another process holds the lock.
    """
    with open(database.with_name(database.name + "-serving"), "a") as mark:
        try:
            fcntl.flock(mark, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"A server is using {database}. Stop it first, then restore the backup."
                if alone
                else f"{database} is just being restored. Start again when that is done."
            ) from None
        yield


def back_up(database: Path, copy: Path, *, force: bool = False) -> Backup:
    """Copy the committed state to `copy`, atomically: complete, verified and fsynced, or not at all.

    Raises ConfigurationError when `copy` exists (without `force`) or cannot be written, and DatabaseUnfit when the
    database is damaged or empty.
    """
    if copy.exists() and not force:
        raise ConfigurationError(f"{copy} is there already. Name another file, or overwrite it with --force.")
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    try:
        draft.touch()  # SQLite would not report why it cannot create the file.
        with (
            closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(draft)) as target,
        ):
            # In one step: a copy in steps restarts with each post in between.
            source.backup(target)
            # A single file, without a WAL beside it.
            target.execute("PRAGMA journal_mode = DELETE")
        report = inspect_backup(draft, called=database)
        _move_into_place(draft, copy)
    except sqlite3.Error as error:
        raise ConfigurationError(f"{copy} could not be written ({error}). Nothing was changed.") from error
    except OSError as error:
        message = f"{copy} could not be written ({error.strerror}). Nothing was changed. {hint(copy)}"
        raise ConfigurationError(message.rstrip()) from error
    finally:
        for side in ("", "-journal", "-wal", "-shm"):
            draft.with_name(draft.name + side).unlink(missing_ok=True)
    return report


def restore(copy: Path, database: Path, *, force: bool = False) -> tuple[Backup, Path | None]:
    """Replace the database with a backup. Returns its content, and the path of the old database or None.

    The backup is migrated, and its counters are raised above those of the replaced database. Raises ConfigurationError
    when there is no backup, when the database exists (without `force`) or is in use, and DatabaseUnfit when the backup
    is damaged, empty or too new.
    """
    if not copy.is_file():
        raise ConfigurationError(f"There is no file {copy}.")
    report = inspect_backup(copy)
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with in_use(database, alone=True):
        aside = None
        if database.exists() and database.stat().st_size:
            if not force:
                raise ConfigurationError(f"{database} is there already. Move it aside and restore with --force.")
            aside = database.with_name(f"{database.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        draft = database.with_name(f".{database.name}.{os.getpid()}")
        try:
            shutil.copyfile(copy, draft)
            asyncio.run(_raise_counters(draft.absolute(), _counters_of(database)))
            for side in SIDES:
                old = database.with_name(database.name + side)
                if old.exists() and aside is not None:
                    old.rename(aside.with_name(aside.name + side))
                else:
                    old.unlink(missing_ok=True)
            _move_into_place(draft, database)
        finally:
            for side in SIDES:
                draft.with_name(draft.name + side).unlink(missing_ok=True)
    return report, aside


async def _raise_counters(file: Path, replaced: Counters) -> None:
    database = Database(URL.create("sqlite", database=str(file)))
    try:
        async with database.migrating() as connection:
            await connection.run_sync(schema.upgrade)
            await connection.run_sync(raise_counters, replaced)
    finally:
        await database.close()


def _counters_of(file: Path) -> Counters:
    """The counters of the database that is replaced, if it can still be read."""
    if not file.exists():
        return NOTHING
    engine = create_engine(URL.create("sqlite", database=str(file)), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return counters(connection)
    except SQLAlchemyError:
        return NOTHING


def inspect_backup(file: Path, *, called: Path | None = None) -> Backup:
    """Verify a database file and return its content.

    Messages name `called` instead of the file, if given. Raises DatabaseUnfit when the file is damaged, empty, from
    another program or too new.
    """
    counts: dict[str, int] = {}
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict == "ok":
                found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                counts = {
                    name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
                    for name in TABLES
                    if name in found
                }
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        raise DatabaseUnfit(f"{called or file} is no whole SQLite database ({verdict}). Nothing was changed.")
    engine = create_engine(URL.create("sqlite", database=str(file)), poolclass=NullPool)
    with engine.connect() as connection_:
        if not schema.revision(connection_):
            raise DatabaseUnfit(f"{called or file} is an empty database. Nothing was changed.")
    with open(file, "rb") as opened:
        return Backup(counts, hashlib.file_digest(opened, "sha256").hexdigest())


def _move_into_place(draft: Path, place: Path) -> None:
    """Rename a draft to its place after an fsync, then fsync the folder."""
    for path in (draft, place.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            if path == draft:
                draft.replace(place)
        finally:
            os.close(descriptor)
