"""What every page needs: templates, assets, forms, responses, security headers, metrics, and the middleware.

Start with `state.py`, `security.py` and `responses.py`; `middleware/access_log.py` is the outermost layer.
May import: text, clock, config, models, database, installation.
Tests: tests/web/.
"""
