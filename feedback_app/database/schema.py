"""The schema: brought to this version by Alembic, by one process at a time, whole or not at all."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from .engine import DatabaseUnfit


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def revision(connection: Connection) -> str | None:
    """The version of the schema the database has; None for an empty one.

    Raises DatabaseUnfit for a database that is not ours or newer than this code.
    """
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None and (tables := set(inspect(connection).get_table_names()) - {"alembic_version"}):
        raise DatabaseUnfit(
            f"The database belongs to something else: it has tables ({', '.join(sorted(tables)[:3])} …) but no "
            f"version of ours. Name an empty one."
        )
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise DatabaseUnfit(
            f"The database was made by a newer version of this program (its schema is {found}). "
            f"Install that version or a later one; nothing was changed."
        )
    return found


def is_current(connection: Connection) -> bool:
    return revision(connection) == _scripts().get_current_head()


def upgrade(connection: Connection) -> None:
    """Bring the database to this version's schema, inside the connection's transaction."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())
