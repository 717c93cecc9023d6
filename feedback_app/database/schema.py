"""Schema migrations (Alembic), run by one process at a time.

SQLite and PostgreSQL migrate in one transaction. MariaDB commits each statement, so there an interrupted migration
resumes (`migrations/env.py`).

The name of a migration that only adds says which programs still work with it: `0005_since_0003` works with every
program that knows 0003. Such a program therefore accepts a newer schema, and a downgrade of the program needs no
downgrade of the data.
"""

import functools
import hashlib
import re
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from . import postgresql_notify
from .errors import DatabaseUnfit

VERSION_TABLE = "alembic_version"
UNFINISHED = ""
# "wall" as a number: PostgreSQL's advisory locks have numbers, not names.
LOCK_NUMBER = 0x77616C6C
LOCK_SECONDS = 3600

SINCE = "_since_"
MIGRATIONS = Path(__file__).parent / "migrations"
NAME = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)


def lock(connection: Connection) -> None:
    """Take the migration lock; the end of the transaction or the connection releases it.

    Raises DatabaseUnfit when another process holds it for an hour (MariaDB).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})"))
    elif connection.dialect.name == "mysql":
        # Its lock names are global to the server.
        name = "feedback-" + hashlib.sha256(str(connection.engine.url.database).encode()).hexdigest()[:40]
        if connection.scalar(text(f"SELECT GET_LOCK('{name}', {LOCK_SECONDS})")) != 1:
            raise DatabaseUnfit("Another process has been migrating the database for an hour. Look what it waits for.")


def revision(connection: Connection) -> str | None:
    """The schema revision; None for an empty database, UNFINISHED if the first migration was interrupted.

    Raises DatabaseUnfit when the database belongs to another program or its schema is too new for this one.
    """
    tables = set(inspect(connection).get_table_names())
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) if VERSION_TABLE in tables else None  # noqa: S608
    if found is None and VERSION_TABLE in tables:
        return UNFINISHED
    if found is None and tables:
        raise DatabaseUnfit(
            f"The database belongs to something else: it has tables ({', '.join(sorted(tables)[:3])} …) but no "
            f"version of ours. Name an empty one."
        )
    if found is not None and found not in revisions() and not _is_compatible(found):
        raise DatabaseUnfit(
            f"The database was made by a newer version of this program (its schema is {found}). "
            f"Install that version or a later one; nothing was changed."
        )
    return found


def is_current(connection: Connection) -> bool:
    """Whether the schema is this version's, or a newer compatible one. Raises DatabaseUnfit, as `revision` does."""
    found = revision(connection)
    return bool(found) and (found == revisions()[-1] or found not in revisions())


def upgrade(connection: Connection, to: str = "head") -> None:
    """Migrate to the latest revision, or up to revision `to`, inside the connection's transaction.

    Raises DatabaseUnfit, as `revision` does.
    """
    found = revision(connection)
    if found and found not in revisions():
        return
    if found != (revisions()[-1] if to == "head" else to):
        _migrate(connection, to)
    postgresql_notify.install_trigger(connection)


def _migrate(connection: Connection, to: str) -> None:
    # Imported late: Alembic takes 0.2 s and 10 MiB, and most starts do not migrate.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _is_compatible(found: str) -> bool:
    _, _, oldest = found.partition(SINCE)
    return oldest in {known.partition(SINCE)[0] for known in revisions()}


@functools.cache
def revisions() -> tuple[str, ...]:
    """All schema revisions, oldest first, read from the migration files."""
    files = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))
    return tuple(name for file in files for name in NAME.findall(file.read_text()))
