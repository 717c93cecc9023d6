"""Notices of PostgreSQL: whoever changes a wall says so in the same transaction, and every process hears of it.

They are sent by the database itself (https://www.postgresql.org/docs/current/sql-notify.html), so nobody who writes can
forget to: a trigger sends one for each wall that a transaction changed, once, with its commit and never without it.
A notice holds only the number of the wall. It is a hint to look, so a lost one costs a moment and no news.
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
# A connection that was cut without a word is found out by asking it.
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


class NoNotices(Exception):
    """Notices cannot be heard at the moment; says why."""


def have_sent(connection: Connection) -> None:
    """Let this database send notices, from now on."""
    if connection.dialect.name == "postgresql" and not connection.scalar(_HAS_TRIGGER, {"name": f"{CHANNEL}_notice"}):
        for statement in _TRIGGER:
            connection.exec_driver_sql(statement)


async def listen(url: URL, *, ready: Callable[[], None], hear: Callable[[int], None]) -> None:
    """Hear notices on a connection of its own until that is lost; calls `ready` as soon as none is missed any more.

    Always ends with NoNotices.
    """
    import asyncpg  # Those who use another database have not installed it.

    lost = asyncio.Event()

    def notice(_connection: Any, _process: int, _channel: str, payload: object) -> None:
        hear(int(str(payload)))

    connection = None
    try:
        asked = of_postgresql(url)
        _, where = url.get_dialect()().create_connect_args(asked.url)
        arguments = {"timeout": postgresql.CONNECT_SECONDS, **where, **asked.arguments}
        settings = {**asked.session, "application_name": LISTENER}
        connection = await asyncpg.connect(**arguments, server_settings=settings)
        connection.add_termination_listener(lambda _connection: lost.set())
        await connection.add_listener(CHANNEL, notice)
        ready()
        while not lost.is_set():
            try:
                await asyncio.wait_for(lost.wait(), ASK_SECONDS)
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=postgresql.CONNECT_SECONDS)
        raise NoNotices("the connection was closed")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError) as error:
        raise NoNotices(str(error) or type(error).__name__) from error
    finally:
        if connection is not None:
            connection.terminate()
