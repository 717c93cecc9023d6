"""Installation check (`feedback-app check`): versions, effective settings, folder, disk, database. Read-only."""

import asyncio
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib import metadata
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from .. import PACKAGE, __version__, sqlite_fault
from ..config import PREFIX, ConfigurationError, Settings, unknown_settings
from ..database import Database, DatabaseUnfit, complete_url, schema
from ..database.errors import unfit
from . import data_folder, ownership
from .backups import LEAST_BYTES
from .secret_key import FILE

FINE, WARNING, WRONG = "fine", "warning", "wrong"
SECRETS = ("secret_key", "secret_key_fallbacks", "metrics_token")
LIBRARIES = ("quart", "uvicorn", "httptools", "sqlalchemy", "aiosqlite", "asyncpg", "asyncmy", "jinja2", "alembic")


@dataclass(frozen=True)
class Finding:
    """One line of the report. `level` is FINE, WARNING or WRONG."""

    about: str
    said: str  # A key of the JSON output.
    level: str = FINE


def check() -> list[Finding]:
    """All findings, in the order of the report."""
    found = [*versions(), *(Finding("setting", sentence, WRONG) for sentence in unknown_settings(os.environ))]
    try:
        settings = Settings.from_environment()
    except ConfigurationError as error:
        return [*found, Finding("settings", str(error), WRONG)]
    found += [*effective(settings), *proxies(settings)]
    for look in (folder, secret, disk):
        try:
            found += look(settings)
        except OSError as error:
            found.append(Finding(look.__name__, ownership.sentence_of(error), WRONG))
    return [*found, *database(settings)]


def versions() -> Iterator[Finding]:
    """The program, Python, SQLite and the installed libraries."""
    yield Finding("program", f"feedback-app {__version__}, in {PACKAGE}")
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    fault = sqlite_fault(sqlite3.sqlite_version)
    yield Finding("sqlite", f"{fault}." if fault else sqlite3.sqlite_version, WARNING if fault else FINE)
    for name in LIBRARIES:
        try:
            yield Finding(name, metadata.version(name))
        except metadata.PackageNotFoundError:  # Database drivers are optional.
            continue


def effective(settings: Settings) -> Iterator[Finding]:
    """Each setting with its value and source; secrets are masked."""
    for setting in fields(Settings):
        variable = f"{PREFIX}{setting.name.upper()}"
        value = getattr(settings, setting.name)
        text_ = {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        if value and setting.name in SECRETS:
            text_ = "(set, not shown)"
        elif value and setting.name == "database_url":
            text_ = data_folder.place_of(settings)
        source = "from the environment" if variable in os.environ else "the default"
        yield Finding(variable, f"{text_ or '(empty)'}, {source}")


def proxies(settings: Settings) -> Iterator[Finding]:
    """The trusted proxies, with a warning when https is used without one."""
    if settings.trusted_proxies:
        where = ", ".join(str(each) for each in settings.networks)
        yield Finding("proxies", f"{settings.trusted_proxies} trusted, where they connect from {where}")
    elif settings.base_url.startswith("https:"):
        message = (
            f"none trusted, though https needs one: with {PREFIX}TRUSTED_PROXIES=0 all visitors count as one author"
        )
        yield Finding("proxies", message, WARNING)
    else:
        yield Finding("proxies", "none trusted")


def folder(settings: Settings) -> Iterator[Finding]:
    """The data folder: owner, mode, and files of other users. Raises OSError when it cannot be read."""
    data = settings.data.absolute()
    if not data.exists():
        level = FINE if settings.database_url else WRONG
        yield Finding("data folder", f"{data} is not there", level)
        return
    status = data.stat()
    message = f"{data}, of {ownership.user_name(status.st_uid)}, mode {stat.S_IMODE(status.st_mode):04o}"
    is_open = ownership.is_open_to_others(data)
    yield Finding(
        "data folder", message + (", open to all users: chmod 700" if is_open else ""), WARNING if is_open else FINE
    )
    if fault := data_folder.fault_of_folder(data):
        yield Finding("data folder", f"{data} {fault}", WRONG)
        return
    for each in sorted(data.iterdir()):
        if each.stat().st_uid != status.st_uid:
            whose = f"{each.name} is of {ownership.user_name(each.stat().st_uid)}: chown {status.st_uid} {each}"
            yield Finding("data folder", whose, WRONG)


def secret(settings: Settings) -> Iterator[Finding]:
    """Where the secret key comes from. Raises OSError when its file cannot be read."""
    file = settings.data.absolute() / FILE
    if settings.secret_key:
        yield Finding("secret key", f"from {PREFIX}SECRET_KEY")
    elif file.exists():
        file.read_text()
        yield Finding("secret key", f"in {file}")
    else:
        yield Finding("secret key", "none yet; the first start makes one")


def disk(settings: Settings) -> Iterator[Finding]:
    """Free space on the disk of the data folder. Raises OSError when it cannot be determined."""
    data = settings.data.absolute()
    if data.exists():
        free = shutil.disk_usage(data).free
        level = FINE if free >= LEAST_BYTES else WRONG
        yield Finding("disk", f"{free / 2**20:,.0f} MiB free at {data}", level)


def database(settings: Settings) -> list[Finding]:
    """Whether the database responds, its version, and whether its schema is current."""
    try:
        url = complete_url(data_folder.database_url(settings))
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            return [Finding("database", str(data_folder.no_installation(settings)), WRONG)]
        database = Database(url, synchronous=settings.synchronous)
    except OSError as error:
        return [Finding("database", ownership.sentence_of(error), WRONG)]
    except ConfigurationError as error:
        return [Finding("database", str(error), WRONG)]
    try:
        return asyncio.run(_query(database, settings))
    except (DatabaseUnfit, ConfigurationError) as error:
        return [Finding("database", str(error), WRONG)]
    except (SQLAlchemyError, OSError) as error:
        return [Finding("database", str(unfit(error, database.url)), WRONG)]


async def _query(database: Database, settings: Settings) -> list[Finding]:
    try:
        async with database.read_engine.connect() as connection:
            found = await connection.run_sync(schema.revision)
            is_current = found is not None and await connection.run_sync(schema.is_current)
            query = "SELECT sqlite_version()" if database.is_sqlite else "SELECT version()"
            version = str(await connection.scalar(text(query)))
    finally:
        await database.close()
    where = str(database.file) if database.file else data_folder.place_of(settings)
    if found is None:
        return [Finding("database", str(data_folder.no_installation(settings)), WRONG)]
    answers = [Finding("database", f"{where} answers ({database.url.get_backend_name()} {version.split(',')[0]})")]
    newest = schema.revisions()[-1]
    fits = (
        f"{found}, this version's" if is_current else f"{found}, while this version's is {newest}: feedback-app migrate"
    )
    return [*answers, Finding("schema", fits, FINE if is_current else WRONG)]
