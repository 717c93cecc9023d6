"""Programs of a measurement: each a process of its own, told by a line of JSON what to do, that says what it saw."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop


def run(program: Callable[[dict[str, Any]], Awaitable[Any]]) -> None:
    """Run it with what its argument says, and print what comes of it, if anything does."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if (said := runner.run(_awaited(program, json.loads(sys.argv[1])))) is not None:
            tell(said)


def tell(said: Any) -> None:
    print(json.dumps(said), flush=True)


async def told() -> str:
    """The next line; nothing when there are no more."""
    return await asyncio.to_thread(sys.stdin.readline)


async def _awaited(program: Callable[[dict[str, Any]], Awaitable[Any]], plan: dict[str, Any]) -> Any:
    return await program(plan)
