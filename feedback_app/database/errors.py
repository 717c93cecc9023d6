"""Database errors: which are transient and worth a retry, and messages for the operator about the others."""

import socket

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from ..config import PREFIX

# https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_CLASSES = ("08",)  # The connection broke.
POSTGRESQL_STATES = {
    "25P03",  # A transaction of ours was idle for too long and its connection was closed.
    "40001",  # Serialization failure.
    "40003",  # Statement completion unknown.
    "40P01",  # Deadlock.
    "53300",  # Too many connections.
    "55P03",  # Lock timeout.
    "57P01",  # An administrator ended the connection, or the server is being stopped.
    "57P02",  # Another process of the server crashed.
    "57P03",  # The server is starting or stopping.
    "57P05",  # The connection was idle for too long.
}
# https://mariadb.com/docs/server/reference/error-codes
MARIADB_NUMBERS = {
    1020,  # A row changed since the transaction read it.
    1040,  # Too many connections.
    1053,  # The server is being stopped.
    1152,  # The connection was aborted.
    1158, 1159, 1160, 1161,  # The network, while reading or writing.
    1184,  # The connection was aborted.
    1203,  # Too many connections of this user.
    1205,  # Lock timeout.
    1213,  # Deadlock.
    1927,  # The connection was killed.
    2002, 2003,  # There is no server at the address now.
    2006, 2013, 2055,  # The server has gone away, in the middle of a statement or not.
    4031,  # The connection was idle for too long.
}  # fmt: skip
SQLITE_CODES = {5, 6}  # BUSY and LOCKED (https://www.sqlite.org/rescode.html)
SQLITE_UNREACHED = {3, 8, 10, 13, 14, *SQLITE_CODES}  # PERM, READONLY, IOERR, FULL, CANTOPEN.
# Message for the operator by PostgreSQL's SQLSTATE or MariaDB's error number, for errors at startup.
REASONS: dict[str | int, str] = {}
REASONS |= dict.fromkeys(
    ("28P01", "28000", 1044, 1045, 1698),
    "does not let {user} in ({reason}). Check the name and the password in {variable}, and that @ / # ? : and % in "
    "them are percent-encoded.",
)
REASONS |= dict.fromkeys(
    ("3D000", 1049), "has no database {database}. Make an empty one there, or name another one in {variable}."
)
REASONS |= dict.fromkeys(
    ("42501", 1142), "does not let {user} make tables in {database} ({reason}). Make {user} the owner of the database."
)
REASONS |= dict.fromkeys(
    ("25006", 1290, 1792, 1836), "only lets us read ({reason}). Name the server that takes writes."
)


class DatabaseUnfit(Exception):
    """A database that cannot be used; the message is a sentence for the operator."""


def unfit(error: BaseException, url: URL) -> DatabaseUnfit:
    """A DatabaseUnfit with the cause and what the operator can do, in one line without the password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    # The driver's message: MariaDB's follows its number, asyncpg's follows its class name.
    words = str(cause.args[-1] if cause is not None and cause.args else cause).rsplit(">: ", 1)[-1]
    reason = " ".join(words.split()) or type(cause).__name__
    if url.get_backend_name() == "sqlite":
        return DatabaseUnfit(f"The database {url.database} cannot be used: {reason}.")
    sentence = REASONS.get(_code(cause), "cannot be used now: {reason}. Check that it runs, and {variable}.")
    if isinstance(_root(cause), socket.gaierror):
        sentence = "cannot be found: there is no machine of that name. Check {variable}."
    elif isinstance(_root(cause), ConnectionRefusedError):
        sentence = "takes no connection: nothing listens there. Start it, or check the host and port in {variable}."
    elif isinstance(_root(cause), TimeoutError):
        sentence = "does not answer. Check the host and port in {variable}, and the network between."
    where = f"{url.host or 'this machine'}:{url.port}" if url.port else url.host or "this machine"
    who = url.username or "this user"
    sentence = sentence.format(user=who, database=url.database, reason=reason, variable=f"{PREFIX}DATABASE_URL")
    return DatabaseUnfit(f"The database server at {where} {sentence}")


def is_out_of_reach(error: BaseException) -> bool:
    """Whether SQLite could not access its file; the file itself may be intact."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_UNREACHED


def is_passing(error: BaseException) -> bool:
    """Whether the error is transient: the whole transaction may succeed when it is run again.

    The transaction and its savepoints are then invalid: after a deadlock MariaDB has rolled back everything, and would
    run further statements in a new transaction. If the commit failed, its outcome is unknown, so only idempotent work
    may be retried.
    """
    if isinstance(error, OSError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _is_passing_by_number(error.orig)
    return _is_passing_by_number(error)


def is_about_values(error: DBAPIError) -> bool:
    """Whether PostgreSQL rejected a value, such as a NUL. SQLAlchemy does not map all of these to DataError."""
    return str(_code(error.orig)).startswith("22")


def _is_passing_by_number(error: BaseException | None) -> bool:
    sqlite_code = getattr(error, "sqlite_errorcode", None)
    if sqlite_code is not None:
        return sqlite_code & 0xFF in SQLITE_CODES
    code = _code(error)
    if isinstance(code, int):
        return code in MARIADB_NUMBERS
    return code in POSTGRESQL_STATES or code.startswith(POSTGRESQL_CLASSES)


def _code(error: BaseException | None) -> str | int:
    """MariaDB's error number or PostgreSQL's SQLSTATE (five characters)."""
    first = error.args[0] if error is not None and error.args else None
    return first if isinstance(first, int) else str(getattr(error, "sqlstate", None) or "")


def _root(error: BaseException | None) -> BaseException | None:
    """The operating system's error that the driver wrapped, if any."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error
