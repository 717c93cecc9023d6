"""A live feedback wall. `create_app` stands in `app`: commands start without it, since most of them serve nothing.

A sound SQLite replaces the standard library's here, before anything imports `sqlite3`. Versions 3.7.0 to 3.51.2 can
lose stored rows when two connections write and checkpoint at the same instant
(https://www.sqlite.org/wal.html#walresetbug). Where the system's has this fault and the package pysqlite3 brings one
without it, the whole process takes that one: two copies that open the same file would undo each other's locks
(https://www.sqlite.org/howtocorrupt.html#multiple_copies_of_sqlite_linked_into_the_same_application).
"""

import sqlite3
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent
__version__ = "0.1.0"
HEALTHY = (3, 51, 3)
MENDED = {(3, 44): 6, (3, 50): 7}


def sqlite_fault(version: str) -> str | None:
    """What is wrong with this version where several processes write, and the cure, as a sentence without its end."""
    major, minor, patch = (int(number) for number in version.split("."))
    if (major, minor, patch) >= HEALTHY or patch >= MENDED.get((major, minor), patch + 1):
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
