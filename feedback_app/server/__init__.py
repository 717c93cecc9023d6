"""The server process: uvicorn with our protocol, workers and their supervisor, health, metrics, retention.

Start with `run.py`, then `supervisor.py` and `protocol.py`. The room may import `live` and the rooms before it.
The tests are in `tests/server/`.
"""
