"""PostgreSQL (asyncpg), directly or behind PgBouncer: the engine, its timeouts and planner settings."""

import uuid
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .errors import DatabaseUnfit
from .url_parameters import of_postgresql

READERS = 6
WRITERS = 2
CONNECT_SECONDS = 5
# Longer than the server's own timeouts; it detects a server that has disappeared.
ANSWER_SECONDS = 8
LIMITS = {
    "statement_timeout": "5s",
    # Shorter than statement_timeout, which would otherwise always end first.
    "lock_timeout": "4s",
    # A machine that is cut off during a transaction keeps the wall locked until this timeout.
    "idle_in_transaction_session_timeout": "2s",
}
PATIENT = dict.fromkeys(LIMITS, "0")
PLANS = {
    # Every query has an index in the right order. A prepared statement keeps its plan, perhaps from when the table was
    # so small that a sequential scan looked as good.
    **dict.fromkeys(("enable_seqscan", "enable_bitmapscan"), "off"),
    # JIT compilation takes longer than any of the queries.
    "jit": "off",
}
# No writer's plan depends on the values. Planning each time would double the cost of a single post.
PLANS_OF_WRITERS = {"plan_cache_mode": "force_generic_plan"}
POOLED = "pgbouncer"


def make_engine(url: URL, *, writes: bool, patient: bool) -> AsyncEngine:
    """An engine for reading or for writing; `patient` lifts the timeouts for migrations.

    Raises ConfigurationError for unsupported URL parameters. Its connections raise DatabaseUnfit when the server
    encoding is not UTF-8.
    """
    options = of_postgresql(url, but=(POOLED,))
    session = {
        "application_name": "feedback-app",
        "timezone": "UTC",
        # Readers cannot change anything by mistake.
        "default_transaction_read_only": "off" if writes else "on",
        **(PATIENT if patient else LIMITS | PLANS | (PLANS_OF_WRITERS if writes else {})),
        **options.session,
    }
    arguments: dict[str, Any] = {
        "timeout": CONNECT_SECONDS,
        "command_timeout": None if patient else ANSWER_SECONDS,
        "server_settings": session,
        **options.arguments,
    }
    is_pooled = behind_pgbouncer(url)
    if is_pooled:
        # Each transaction may get another server connection, so no state may stay on it.
        del arguments["server_settings"]
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"feedback_{uuid.uuid4()}",
        }
    engine = create_async_engine(
        options.url,
        connect_args=arguments,
        pool_size=WRITERS if writes else READERS,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        # The writer retries after a lost connection; a ping for each transaction would cost as much as a query.
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
    """Whether the URL has `?pgbouncer=true`, for a pool in transaction mode."""
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
