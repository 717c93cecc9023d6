"""Faults of the database: which of them pass by themselves, and what to say to the operator about the others."""

import socket

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from ..config import PREFIX

# https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_CLASSES = ("08",)  # The connection broke.
POSTGRESQL_STATES = {
    "25P03",  # A transaction of ours was idle for too long and its connection was closed.
    "40001",  # Two transactions could not be put in an order.
    "40003",  # Nobody knows whether the statement was completed.
    "40P01",  # Deadlock.
    "53300",  # Too many connections.
    "55P03",  # A lock could not be had in time.
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
    1205,  # A lock could not be had in time.
    1213,  # Deadlock.
    1927,  # The connection was killed.
    2002, 2003,  # There is no server at the address now.
    2006, 2013, 2055,  # The server has gone away, in the middle of a statement or not.
    4031,  # The connection was idle for too long.
}  # fmt: skip
SQLITE_CODES = {5, 6}  # BUSY and LOCKED (https://www.sqlite.org/rescode.html)
SQLITE_UNREACHED = {3, 8, 10, 13, 14, *SQLITE_CODES}  # PERM, READONLY, IOERR, FULL, CANTOPEN.
# What PostgreSQL's state or MariaDB's number means at the start, and what to do about it.
REASONS: dict[str | int, str] = {}
REASONS |= dict.fromkeys(
    ("28P01", "28000", 1044, 1045, 1698),
    "does not let {user} in ({said}). Check the name and the password in {variable}, and that @ / # ? : and % in them "
    "are percent-encoded.",
)
REASONS |= dict.fromkeys(
    ("3D000", 1049), "has no database {database}. Make an empty one there, or name another one in {variable}."
)
REASONS |= dict.fromkeys(
    ("42501", 1142), "does not let {user} make tables in {database} ({said}). Make {user} the owner of the database."
)
REASONS |= dict.fromkeys(("25006", 1290, 1792, 1836), "only lets us read ({said}). Name the server that takes writes.")


class DatabaseUnfit(Exception):
    """A database that cannot be used as it is; the message is a sentence for the operator."""


def unfit(error: BaseException, url: URL) -> DatabaseUnfit:
    """What is wrong, and what the operator can do about it, in one line without the password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    # The driver's own words: MariaDB's come with their number, asyncpg's behind the name of their class.
    words = str(cause.args[-1] if cause is not None and cause.args else cause).rsplit(">: ", 1)[-1]
    said = " ".join(words.split()) or type(cause).__name__
    if url.get_backend_name() == "sqlite":
        return DatabaseUnfit(f"The database {url.database} cannot be used: {said}.")
    sentence = REASONS.get(_code(cause), "cannot be used now: {said}. Check that it runs, and {variable}.")
    if isinstance(_root(cause), socket.gaierror):
        sentence = "cannot be found: there is no machine of that name. Check {variable}."
    elif isinstance(_root(cause), ConnectionRefusedError):
        sentence = "takes no connection: nothing listens there. Start it, or check the host and port in {variable}."
    elif isinstance(_root(cause), TimeoutError):
        sentence = "does not answer. Check the host and port in {variable}, and the network between."
    where = f"{url.host or 'this machine'}:{url.port}" if url.port else url.host or "this machine"
    who = url.username or "this user"
    sentence = sentence.format(user=who, database=url.database, said=said, variable=f"{PREFIX}DATABASE_URL")
    return DatabaseUnfit(f"The database server at {where} {sentence}")


def is_out_of_reach(error: BaseException) -> bool:
    """Whether the system did not let SQLite at its file, which itself may be in order."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_UNREACHED


def is_passing(error: BaseException) -> bool:
    """Whether the whole transaction may succeed when it is run once more from its beginning.

    After such an error nothing of the transaction is to be trusted, its savepoints neither: MariaDB has undone all of
    it after a deadlock, and would run what follows in a new one. When it came with the commit, nobody knows whether
    that was done, so only work that does no harm when it is done twice may be tried again.
    """
    if isinstance(error, OSError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _is_passing_by_number(error.orig)
    return _is_passing_by_number(error)


def is_about_values(error: DBAPIError) -> bool:
    """Whether PostgreSQL refused what came with a statement, such as a NUL: the driver's errors do not all say so."""
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
    """MariaDB's number or PostgreSQL's state of five characters."""
    first = error.args[0] if error is not None and error.args else None
    return first if isinstance(first, int) else str(getattr(error, "sqlstate", None) or "")


def _root(error: BaseException | None) -> BaseException | None:
    """What the operating system said, where the driver wrapped it."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error
