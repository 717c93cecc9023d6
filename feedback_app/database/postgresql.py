"""PostgreSQL by asyncpg: what its connections are told, directly or behind PgBouncer."""

import uuid
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .errors import DatabaseUnfit
from .url_parameters import of_postgresql

READERS = 6
WRITERS = 2
CONNECT_SECONDS = 5
# The server gives up before we do; whether it still is there at all is what our own patience is for.
ANSWER_SECONDS = 8
LIMITS = {
    "statement_timeout": "5s",
    # A little less than that of the statement, which would otherwise always be the first to give up.
    "lock_timeout": "4s",
    # A machine that is cut off in the middle of a transaction keeps the wall locked for everybody else until then.
    "idle_in_transaction_session_timeout": "2s",
}
PATIENT = dict.fromkeys(LIMITS, "0")
PLANS = {
    # Every question has an index that gives its answer in order. A prepared statement keeps its plan, perhaps one from
    # when the table was so small that to read all of it looked as good.
    **dict.fromkeys(("enable_seqscan", "enable_bitmapscan"), "off"),
    # To compile a plan takes longer than any of ours takes to run.
    "jit": "off",
}
# No plan of a writer depends on the values: to plan for each would take a single post as long as all else.
PLANS_OF_WRITERS = {"plan_cache_mode": "force_generic_plan"}
POOLED = "pgbouncer"


def make_engine(url: URL, *, writes: bool, patient: bool) -> AsyncEngine:
    asked = of_postgresql(url, but=(POOLED,))
    session = {
        "application_name": "feedback-app",
        "timezone": "UTC",
        # A reader sees the database as of one moment and cannot change it by mistake.
        "default_transaction_read_only": "off" if writes else "on",
        **(PATIENT if patient else LIMITS | PLANS | (PLANS_OF_WRITERS if writes else {})),
        **asked.session,
    }
    arguments: dict[str, Any] = {
        "timeout": CONNECT_SECONDS,
        "command_timeout": None if patient else ANSWER_SECONDS,
        "server_settings": session,
        **asked.arguments,
    }
    is_pooled = behind_pgbouncer(url)
    if is_pooled:
        # Each transaction may be on another connection of the server: nothing may be left on it.
        del arguments["server_settings"]
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"feedback_{uuid.uuid4()}",
        }
    engine = create_async_engine(
        asked.url,
        connect_args=arguments,
        pool_size=WRITERS if writes else READERS,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        # The writer does again what it did on a connection that was gone; to ask each time takes as long as a question.
        pool_pre_ping=not writes,
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
    )
    event.listen(engine.sync_engine, "connect", _check)
    if is_pooled:
        settings = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in session.items())
        settings = settings.replace("default_transaction_read_only", "transaction_read_only")
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(f"SELECT {settings}"))
    return engine


def behind_pgbouncer(url: URL) -> bool:
    """Whether the address ends in `?pgbouncer=true`: a pool that gives out its connections for one transaction."""
    return url.query.get(POOLED) in ("true", "1", "on")


def _check(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("SHOW server_encoding")
        (encoding,) = cursor.fetchone()
    finally:
        cursor.close()
        connection.rollback()
    if encoding != "UTF8":
        raise DatabaseUnfit(
            f"The database is kept in the encoding {encoding}, which cannot hold every script. "
            f"Make one with: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0"
        )
