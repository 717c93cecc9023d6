"""Data folder of an installation: create and check it, open or create the database, migrate it at startup."""

import asyncio
import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from .. import sqlite_fault
from ..config import PREFIX, ConfigurationError, Settings
from ..database import Database, DatabaseUnfit, complete_url, schema
from ..database.errors import is_out_of_reach, unfit
from ..models import Wall
from . import ownership
from .backups import in_use

if TYPE_CHECKING:  # Commands that serve nothing start without Quart.
    from quart import Quart

MARK = "installed"


def init_app(app: "Quart", settings: Settings, database: Database) -> None:
    """Open the database before the first request and close it after the last."""

    marks = ExitStack()

    @app.before_serving
    async def open_() -> None:
        if database.file is not None:
            prepare_folder(database.file.parent)
            marks.enter_context(in_use(database.file))
        await open_database(settings, database)

    @app.after_serving
    async def close() -> None:
        await database.close()
        marks.close()


def prepare_folder(folder: Path) -> None:
    """Create the folder if it does not exist. Raises ConfigurationError when it cannot be created or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {folder} cannot be made ({error.strerror}). Name another one in {PREFIX}DATA."
        ) from error
    if fault := fault_of_folder(folder):
        raise ConfigurationError(f"The data folder {folder} {fault}")


def fault_of_folder(folder: Path) -> str | None:
    """Why this process cannot write to the folder, as the end of a sentence; None if it can."""
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"is on a file system that takes no writing. Mount it writable, or name another folder in {PREFIX}DATA."
    if os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return None
    whom = ownership.hint(folder) or f"Change its mode, or name another folder in {PREFIX}DATA."
    return f"cannot be written to by {ownership.user_name(os.geteuid())}. {whom}"


def database_url(settings: Settings) -> str | URL:
    """The configured database URL, or that of the SQLite file in the data folder."""
    # Not a string, in which `%` or `?` in the folder's name would be parsed.
    return settings.database_url or URL.create("sqlite", database=str((settings.data / "feedback.sqlite3").absolute()))


def is_marked(settings: Settings) -> bool:
    """Whether the data folder belongs to an installation that has had a database."""
    return (settings.data / MARK).exists()


def mark(settings: Settings) -> None:
    """Record that this installation has a database: a later start must not silently create an empty one.

    Raises ConfigurationError when the folder cannot be created or written to.
    """
    prepare_folder(settings.data)
    if not is_marked(settings):
        (settings.data / MARK).touch()


def no_installation(settings: Settings) -> ConfigurationError:
    """The error of a command that needs an existing installation."""
    what = f"Check {PREFIX}DATABASE_URL" if settings.database_url else f"Name its folder in {PREFIX}DATA"
    return ConfigurationError(
        f"There is no installation in {place_of(settings)}. {what}, or make one with: feedback-app migrate"
    )


def place_of(settings: Settings) -> str:
    """The location of the installation for messages: its folder, or its database URL without the password."""
    if not settings.database_url:
        return str(settings.data.absolute())
    return complete_url(settings.database_url).set(query={}).render_as_string(hide_password=True)


def sqlite_warning(settings: Settings, workers: int) -> str | None:
    """A warning about this SQLite version, or None.

    Raises ConfigurationError when it is unsafe with several workers.
    """
    fault = sqlite_fault(sqlite3.sqlite_version)
    if fault is None or complete_url(database_url(settings)).get_backend_name() != "sqlite":
        return None
    if workers > 1:
        raise ConfigurationError(f"{fault}, or serve with one worker.")
    return f"{fault} before you let a second process write."


async def open_database(
    settings: Settings, database: Database, *, create: bool = True, allow_empty: bool = False, thorough: bool = False
) -> bool:
    """Create or migrate the database, and the wall `main` if there is no wall. Returns whether it was created.

    With `create` a missing installation is created. An installation that once had a database gets an empty one only
    with `allow_empty`. With `thorough` SQLite checks every page, which takes as long as reading the file. Safe when
    several processes start together.

    Raises ConfigurationError when there is no installation (without `create`) or the data folder cannot be used, and
    DatabaseUnfit when the database cannot be used, is damaged, too new, or has disappeared.
    """
    if database.is_sqlite:
        file = cast("Path", database.file)
        await asyncio.to_thread(_check_file, settings, file, create=create, allow_empty=allow_empty, thorough=thorough)
    try:
        async with database.migrating() as connection:
            is_empty = await connection.run_sync(schema.revision) is None
            if is_empty and is_marked(settings) and not allow_empty:
                raise DatabaseUnfit(_vanished(settings, "is empty"))
            if is_empty and not create:
                raise no_installation(settings)
            await connection.run_sync(schema.upgrade)
            await _make_first_wall(connection)
    except (SQLAlchemyError, OSError) as error:
        raise unfit(error, database.url) from error
    if create or settings.data.exists():  # Reading a database elsewhere needs no folder.
        mark(settings)
    return is_empty


async def _make_first_wall(connection: AsyncConnection) -> None:
    async with AsyncSession(connection) as session:
        if await session.scalar(Wall.all().limit(1)) is None:
            session.add(Wall(slug="main", title="Feedback"))
            await session.flush()


def _check_file(settings: Settings, path: Path, *, create: bool, allow_empty: bool, thorough: bool) -> None:
    if not path.exists() or path.stat().st_size == 0:
        if is_marked(settings) and not allow_empty:
            raise DatabaseUnfit(_vanished(settings, f"is gone ({path})"))
        if not create:
            raise no_installation(settings)
        prepare_folder(path.parent)
        return
    prepare_folder(path.parent)
    for each in (path, *(path.with_name(path.name + side) for side in ("-wal", "-shm"))):
        if each.exists() and not os.access(each, os.R_OK | os.W_OK):
            whom = ownership.hint(each) or f"Change its mode (chmod 600 {each})."
            raise DatabaseUnfit(
                f"The database file {each} may not be written to by {ownership.user_name(os.geteuid())}. {whom}"
            )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone() if thorough else ("ok",)
    except sqlite3.DatabaseError as error:
        if is_out_of_reach(error):
            raise DatabaseUnfit(f"The database {path} cannot be used: {error}.") from error
        verdict = str(error)
    if verdict != "ok":
        raise DatabaseUnfit(f"{path} cannot be read as a database ({verdict}). Put a backup in its place.")


def _vanished(settings: Settings, what: str) -> str:
    return (
        f"This installation once had a database, and now it {what}. Mount or restore it, or check "
        f"{PREFIX}DATABASE_URL; to start with an empty one on purpose, run `feedback-app migrate` first."
    )
