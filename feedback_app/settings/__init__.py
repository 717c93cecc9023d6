"""Settings: pages on which owners make, change, rename, archive, export and delete walls.

Start with `commands.py`, then `views.py`; `transfer/` exports and imports walls. The room may import `accounts` and the
rooms before it, not `moderation`. The tests are in `tests/settings/`.
"""
