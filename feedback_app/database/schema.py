"""The schema: brought to this version by Alembic, by one process at a time.

SQLite and PostgreSQL do it whole or not at all. MariaDB commits each statement by itself, so there a migration that was
interrupted goes on where it stopped (`migrations/env.py`).

A migration that only adds says so in its name: `0005_since_0003` is a schema with which every program works that knows
0003. A program therefore also takes a schema that it does not know, when that one says that it knows it; so one can go
back to the version before, without going back to the data before.
"""

import functools
import hashlib
import re
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from . import postgresql_notify
from .errors import DatabaseUnfit

VERSION_TABLE = "alembic_version"
BEGUN = ""
# "wall" as a number: advisory locks of PostgreSQL have no names.
LOCK_NUMBER = 0x77616C6C
LOCK_SECONDS = 3600

SINCE = "_since_"
MIGRATIONS = Path(__file__).parent / "migrations"
NAME = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)


def lock(connection: Connection) -> None:
    """Wait until no other process migrates; the lock is let go of with the transaction or the connection."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})"))
    elif connection.dialect.name == "mysql":
        # Its locks belong to the whole server.
        name = "feedback-" + hashlib.sha256(str(connection.engine.url.database).encode()).hexdigest()[:40]
        if connection.scalar(text(f"SELECT GET_LOCK('{name}', {LOCK_SECONDS})")) != 1:
            raise DatabaseUnfit("Another process has been migrating the database for an hour. Look what it waits for.")


def revision(connection: Connection) -> str | None:
    """The version of the schema the database has; None for an empty one, BEGUN where the first migration broke off.

    Raises DatabaseUnfit for a database that is not ours, or so much newer that this code does not work with it.
    """
    tables = set(inspect(connection).get_table_names())
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) if VERSION_TABLE in tables else None  # noqa: S608
    if found is None and VERSION_TABLE in tables:
        return BEGUN
    if found is None and tables:
        raise DatabaseUnfit(
            f"The database belongs to something else: it has tables ({', '.join(sorted(tables)[:3])} …) but no "
            f"version of ours. Name an empty one."
        )
    if found is not None and found not in revisions() and not _bears_with_us(found):
        raise DatabaseUnfit(
            f"The database was made by a newer version of this program (its schema is {found}). "
            f"Install that version or a later one; nothing was changed."
        )
    return found


def is_current(connection: Connection) -> bool:
    """Whether it is this version's schema, or a newer one with which this version works."""
    found = revision(connection)
    return bool(found) and (found == revisions()[-1] or found not in revisions())


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database to this version's schema, or to an earlier one, inside the connection's transaction."""
    found = revision(connection)
    if found and found not in revisions():
        return
    if found != (revisions()[-1] if to == "head" else to):
        _migrate(connection, to)
    postgresql_notify.have_sent(connection)


def _migrate(connection: Connection, to: str) -> None:
    # Alembic knows every database system, which takes a fifth of a second and 10 MiB: most starts have no use for it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _bears_with_us(found: str) -> bool:
    _, _, oldest = found.partition(SINCE)
    return oldest in {known.partition(SINCE)[0] for known in revisions()}


@functools.cache
def revisions() -> tuple[str, ...]:
    """Every version that the schema has had, the oldest first, as the files of the migrations say it."""
    files = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))
    return tuple(name for file in files for name in NAME.findall(file.read_text()))
