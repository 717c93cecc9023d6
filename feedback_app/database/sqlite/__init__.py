"""SQLite only: the driver adapter, the write lock between processes, and the size limit of the WAL.

Start reading at write_lock.py. The pragmas are in ../engines.py.
May import what database may import.
Tests: tests/database/test_sqlite.py.
"""
