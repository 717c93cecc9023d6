"""Shares caches between the apps of a test process, and shortens their shutdown.

Each test has an app of its own. Compiling its routes (werkzeug) and statements (SQLAlchemy) would be most of the
work of a test, and waiting for uvicorn's shutdown most of its time.
"""

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any

import uvicorn.server
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule


def share_compiled_routes() -> None:
    """Share the compiled URL builders of routes of the same form."""
    compile_builder = Rule._compile_builder
    made: dict[Any, Callable[..., Any]] = {}

    @wraps(compile_builder)
    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        assert rule.map is not None
        if rule.defaults or rule.map.host_matching:
            return compile_builder(rule, append_unknown)
        form = (tuple(rule._trace), append_unknown)
        if form not in made:
            made[form] = compile_builder(rule, append_unknown)
        return made[form]

    Rule._compile_builder = once  # type: ignore[method-assign]


def share_compiled_statements() -> None:
    """Share one statement cache between engines with the same kind of dialect."""
    shared: LRUCache[Any, Any] = LRUCache(5000)
    Engine._compiled_cache = property(lambda _: shared, lambda *_: None)  # type: ignore[assignment]
    DefaultDialect.__eq__ = lambda ours, other: type(ours) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda ours: hash(type(ours))  # type: ignore[method-assign]


class _FastAsyncio:
    """asyncio for uvicorn's server, with shorter sleeps: it polls for shutdown every tenth of a second."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 20)


def shorten_shutdown() -> None:
    """Shorten the shutdown of servers in this process."""
    uvicorn.server.asyncio = _FastAsyncio()  # type: ignore[attr-defined]


share_compiled_routes()
share_compiled_statements()
shorten_shutdown()
