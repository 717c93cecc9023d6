"""One post, from the form to its row: validation, spam checks, batched storage, response.

Start with `views.py`, then `submit.py` and `store.py`; `fast_path.py` is the same below Quart.
May import what `walls` may.
Tests: tests/walls/test_posting.py, tests/walls/test_fast_path.py.
"""
