"""Faults of the database: which of them pass by themselves, so that the same work may be tried once more."""

from sqlalchemy.exc import DBAPIError

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


def _is_passing_by_number(error: BaseException | None) -> bool:
    number = error.args[0] if error is not None and error.args else None
    if isinstance(number, int):
        return number in MARIADB_NUMBERS
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_CODES
    state = str(getattr(error, "sqlstate", None) or "")
    return state in POSTGRESQL_STATES or state.startswith(POSTGRESQL_CLASSES)
