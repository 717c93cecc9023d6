"""MariaDB (and MySQL) by asyncmy: what its sessions are told, and that it took."""

import logging
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .errors import DatabaseUnfit
from .url_parameters import of_mariadb

READERS = 6
WRITERS = 2
CONNECT_SECONDS = 5
# The server gives up before we do; whether it still is there at all is what our own patience is for.
ANSWER_SECONDS = 8
PATIENT_SECONDS = 3600
MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# The server's notes, such as that a primary key has no name of its own, are nothing for an operator.
logging.getLogger("asyncmy").setLevel(logging.ERROR)
CHARACTERS = ("character_set_client", "character_set_connection", "character_set_results")


def make_engine(url: URL, *, writes: bool, patient: bool) -> AsyncEngine:
    asked = of_mariadb(url)
    engine = create_async_engine(
        asked.url.update_query_dict({"charset": "utf8mb4"}),
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": PATIENT_SECONDS if patient else ANSWER_SECONDS,
            **asked.arguments,
        },
        pool_size=WRITERS if writes else READERS,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        # The writer does again what it did on a connection that was gone; to ask each time takes as long as a question.
        pool_pre_ping=not writes,
        # Under REPEATABLE READ, the server's own choice, a writer would not see what others committed while it waited.
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
    """What a session of ours is, whatever the server's own defaults are."""
    seconds = 0 if patient else 5
    settings: dict[str, str | int] = {
        "sql_mode": MODE,
        "time_zone": "+00:00",
        "default_storage_engine": "InnoDB",
        "innodb_lock_wait_timeout": 60 if patient else 5,
        "lock_wait_timeout": PATIENT_SECONDS if patient else 5,
    }
    if is_mariadb:
        # A reader sees the database as of one moment and cannot change it by mistake.
        return settings | {
            "tx_read_only": 0 if writes else 1,
            "max_statement_time": seconds,
            # A machine that is cut off in the middle of a transaction keeps the wall locked for everybody until then.
            "idle_transaction_timeout": 0 if patient else 2,
        }
    return settings | {"transaction_read_only": 0 if writes else 1, "max_execution_time": 1000 * seconds}
