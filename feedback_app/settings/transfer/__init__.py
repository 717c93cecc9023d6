"""Transfer: a wall as a file. Export to JSON and CSV, and import from both.

Start with `export.py`, then `document.py` (parsing) and `load.py` (into the database). The modules import what
`settings` may import. The tests are `tests/settings/test_transfer.py`, `test_round_trip.py` and `test_collisions.py`.
"""
