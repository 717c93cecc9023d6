"""Text that people type and read: cleaning, search folding, messages, translation, CSV, rate notation. No I/O.

Start reading at cleaning.py, then messages.py and translation.py.
May import nothing from the other rooms: no web, no database, no `await`.
Tests: tests/text/.
"""
