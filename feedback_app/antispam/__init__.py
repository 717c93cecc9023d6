"""What judges a post: form tokens, rate limits, a wall's posting rules, and pseudonyms of visitors and networks.

Start with `form_checks.py`, `rules.py` and `rate_limits.py`; `walls/posting/` uses them.
May import: text, clock, config, models, database, installation, web.
Tests: tests/antispam/.
"""
