"""How Alembic runs here: on the connection it is handed, inside a transaction that somebody else commits."""

from alembic import context

from feedback_app.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
