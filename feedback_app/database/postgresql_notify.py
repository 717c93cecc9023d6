"""PostgreSQL LISTEN/NOTIFY: a trigger notifies every process, at the commit, of each wall that changed.

See https://www.postgresql.org/docs/current/sql-notify.html. The payload is the wall id. A notification is only a hint
to query: a lost one delays a change but does not lose it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from . import postgresql
from .url_parameters import of_postgresql

CHANNEL = "feedback_walls"
LISTENER = "feedback-app listener"
# Interval of the query that detects a connection that was lost silently.
ASK_SECONDS = 10
_TRIGGER = (
    f"""
    CREATE OR REPLACE FUNCTION {CHANNEL}_notice() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('{CHANNEL}', NEW.id::text); RETURN NULL; END $$
    """,
    f"""
    CREATE TRIGGER {CHANNEL}_notice AFTER UPDATE ON walls FOR EACH ROW EXECUTE FUNCTION {CHANNEL}_notice()
    """,
)
_HAS_TRIGGER = text("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'walls'::regclass AND tgname = :name")


class NotificationsUnavailable(Exception):
    """The listening connection failed or closed; the message is the reason."""


def install_trigger(connection: Connection) -> None:
    """Create the NOTIFY trigger if it does not exist (PostgreSQL only)."""
    if connection.dialect.name == "postgresql" and not connection.scalar(_HAS_TRIGGER, {"name": f"{CHANNEL}_notice"}):
        for statement in _TRIGGER:
            connection.exec_driver_sql(statement)


async def listen(url: URL, *, ready: Callable[[], None], hear: Callable[[int], None]) -> None:
    """Listen on a separate connection until it is lost.

    Calls `ready` once notifications arrive, then `hear` with the wall id of each. Always raises
    NotificationsUnavailable at the end.
    """
    import asyncpg  # Imported late: installed only for PostgreSQL.

    lost = asyncio.Event()

    def notice(_connection: Any, _process: int, _channel: str, payload: object) -> None:
        hear(int(str(payload)))

    connection = None
    try:
        options = of_postgresql(url)
        _, address = url.get_dialect()().create_connect_args(options.url)
        arguments = {"timeout": postgresql.CONNECT_SECONDS, **address, **options.arguments}
        settings = {**options.session, "application_name": LISTENER}
        connection = await asyncpg.connect(**arguments, server_settings=settings)
        connection.add_termination_listener(lambda _connection: lost.set())
        await connection.add_listener(CHANNEL, notice)
        ready()
        while not lost.is_set():
            try:
                await asyncio.wait_for(lost.wait(), ASK_SECONDS)
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=postgresql.CONNECT_SECONDS)
        raise NotificationsUnavailable("the connection was closed")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError) as error:
        raise NotificationsUnavailable(str(error) or type(error).__name__) from error
    finally:
        if connection is not None:
            connection.terminate()
