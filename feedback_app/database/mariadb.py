"""MariaDB and MySQL (asyncmy): the engine, its timeouts, and session settings that are verified."""

import logging
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .errors import DatabaseUnfit
from .url_parameters import of_mariadb

READERS = 6
WRITERS = 2
CONNECT_SECONDS = 5
# Longer than the server's own timeouts; it detects a server that has disappeared.
ANSWER_SECONDS = 8
PATIENT_SECONDS = 3600
MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# The server's notes, such as an ignored primary key name, are irrelevant to operators.
logging.getLogger("asyncmy").setLevel(logging.ERROR)
CHARACTERS = ("character_set_client", "character_set_connection", "character_set_results")


def make_engine(url: URL, *, writes: bool, patient: bool) -> AsyncEngine:
    """An engine for reading or for writing; `patient` lifts the timeouts for migrations.

    Raises ConfigurationError for unsupported URL parameters. Its connections raise DatabaseUnfit when the server does
    not accept a session setting.
    """
    options = of_mariadb(url)
    engine = create_async_engine(
        options.url.update_query_dict({"charset": "utf8mb4"}),
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": PATIENT_SECONDS if patient else ANSWER_SECONDS,
            **options.arguments,
        },
        pool_size=WRITERS if writes else READERS,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        # The writer retries after a lost connection; a ping for each transaction would cost as much as a query.
        pool_pre_ping=not writes,
        # Under the default REPEATABLE READ, a writer would not see what others committed while it waited for a lock.
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        wanted = _session("MariaDB" in connection.driver_connection.get_server_info(), writes=writes, patient=patient)
        cursor = connection.cursor()
        try:
            cursor.execute("SET SESSION " + ", ".join(f"{name} = {value!r}" for name, value in wanted.items()))
            wanted |= dict.fromkeys(CHARACTERS, "utf8mb4")
            cursor.execute("SELECT " + ", ".join(f"@@SESSION.{name}" for name in wanted))
            found = dict(zip(wanted, cursor.fetchone(), strict=True))
        finally:
            cursor.close()
        for name, value in wanted.items():
            if type(value)(found[name]) != value:
                raise DatabaseUnfit(
                    f"The database server does not take {name} = {value} (it says {found[name]}). "
                    f"Use MariaDB 10.6 or MySQL 8.0, or a later one."
                )

    return engine


def _session(is_mariadb: bool, *, writes: bool, patient: bool) -> dict[str, str | int]:
    """Session variables that do not depend on the server's defaults."""
    seconds = 0 if patient else 5
    settings: dict[str, str | int] = {
        "sql_mode": MODE,
        "time_zone": "+00:00",
        "default_storage_engine": "InnoDB",
        "innodb_lock_wait_timeout": 60 if patient else 5,
        "lock_wait_timeout": PATIENT_SECONDS if patient else 5,
    }
    if is_mariadb:
        # Readers cannot change anything by mistake.
        return settings | {
            "tx_read_only": 0 if writes else 1,
            "max_statement_time": seconds,
            # A machine that is cut off during a transaction keeps the wall locked until this timeout.
            "idle_transaction_timeout": 0 if patient else 2,
        }
    return settings | {"transaction_read_only": 0 if writes else 1, "max_execution_time": 1000 * seconds}
