"""What is the same for every app of a test process is worked out once, although each test has an app of its own.

A server in use keeps these things for as long as it runs. Here they would be most of the work of a test: a hundred
functions that werkzeug compiles for the routes, and every statement, compiled by SQLAlchemy for each engine anew. Its
end comes but once, too, and need not be quick; most tests would spend more time with it than with all the rest.
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


def keep_compiled_routes() -> None:
    """The functions that make addresses of routes; routes of the same form have the same ones."""
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


def keep_compiled_statements() -> None:
    """One cache for all engines, in which the kind of a dialect counts and not the engine it belongs to."""
    shared: LRUCache[Any, Any] = LRUCache(5000)
    Engine._compiled_cache = property(lambda _: shared, lambda *_: None)  # type: ignore[assignment]
    DefaultDialect.__eq__ = lambda ours, other: type(ours) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda ours: hash(type(ours))  # type: ignore[method-assign]


class _Hurried:
    """asyncio as Uvicorn's server sees it, which looks ten times a second whether it is to stop, and then waits for a
    tenth of one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 20)


def hurry_the_end() -> None:
    """Of servers in the test's own process; those in others end as they do in use."""
    uvicorn.server.asyncio = _Hurried()  # type: ignore[attr-defined]


keep_compiled_routes()
keep_compiled_statements()
hurry_the_end()
