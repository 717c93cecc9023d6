"""Moderation: the queue, acts with undo, and the audit log.

Start with `acts.py`, then `queue.py` and `views.py`. The room may import `accounts` and the rooms before it.
The tests are in `tests/moderation/`, and in `tests/browser/moderation/`.
"""
