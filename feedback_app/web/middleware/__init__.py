"""ASGI middleware around Quart: access log, proxy headers, sub-path, trusted host, body limit.

Start with `asgi.py` for the types and `access_log.py` for an example; `app.py` has their order.
May import what `web` may.
Tests: tests/web/.
"""
