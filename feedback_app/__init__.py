"""A live feedback wall. Start with `app.py` (`create_app`) and `cli/`; the order of the rooms is in tests/house/.

This file replaces a faulty SQLite before anything imports `sqlite3`. Versions 3.7.0 to 3.51.2 can lose rows when two
connections write and checkpoint at the same moment (https://www.sqlite.org/wal.html#walresetbug). The package pysqlite3
replaces the standard module in the whole process, since two copies of SQLite break each other's locks
(https://www.sqlite.org/howtocorrupt.html#multiple_copies_of_sqlite_linked_into_the_same_application).
"""

import sqlite3
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent
__version__ = "0.1.0"
FIXED = (3, 51, 3)
BACKPORTS = {(3, 44): 6, (3, 50): 7}


def sqlite_fault(version: str) -> str | None:
    """The fault of this version and its remedy, as a sentence without the full stop; None if it has no fault."""
    major, minor, patch = (int(number) for number in version.split("."))
    if (major, minor, patch) >= FIXED or patch >= BACKPORTS.get((major, minor), patch + 1):
        return None
    return (
        f"SQLite {version} can lose what was stored when several processes write at the same moment. Install the "
        f"package pysqlite3, or SQLite 3.51.3 or newer"
    )


def _replace_faulty_sqlite() -> None:
    if sqlite_fault(sqlite3.sqlite_version) is None or "aiosqlite" in sys.modules:
        return
    try:
        import pysqlite3
    except ImportError:
        return
    if sqlite_fault(pysqlite3.sqlite_version) is None:
        sys.modules["sqlite3"], sys.modules["sqlite3.dbapi2"] = pysqlite3, pysqlite3.dbapi2


_replace_faulty_sqlite()
