"""Who moderators are: login, sessions, passwords, login throttling, invitations, memberships of walls.

Start with `sessions.py` and `authentication.py`; the pages are in `views.py` and `*_views.py`.
May import: text, clock, config, models, database, installation, web, antispam, walls.
Tests: tests/accounts/.
"""
