"""What visitors do: read walls and entries, follow feeds, embed a wall, and post.

Start with `views.py`, then `posting/views.py`; `page_cache/` answers most requests without Quart.
May import: text, clock, config, models, database, installation, web, antispam.
Tests: tests/walls/.
"""
