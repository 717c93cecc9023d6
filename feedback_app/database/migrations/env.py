"""How Alembic runs here: on the connection it is handed, inside a transaction that somebody else commits."""

from typing import Any

from alembic import context
from alembic.ddl.mysql import MySQLImpl
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.ddl import ExecutableDDLElement

from feedback_app.models import Base

# A table, a column, an index, a key is there already, or gone already.
DONE = {1050, 1051, 1060, 1061, 1091, 1826}


class Resumable(MySQLImpl):
    """MariaDB commits each statement that changes the schema, so a migration can be killed between two of them.

    The next start runs it again from its beginning, and what was done is passed over. It is ours: nobody else makes
    tables in a database that says that it belongs to us, and no two of us migrate at once.
    """

    __dialect__ = "mysql"

    def _exec(self, construct: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return super()._exec(construct, *arguments, **options)
        except DBAPIError as error:
            number = error.orig.args[0] if error.orig is not None and error.orig.args else None
            if isinstance(construct, ExecutableDDLElement) and number in DONE:
                return None
            raise


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
