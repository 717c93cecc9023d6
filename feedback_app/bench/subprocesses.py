"""Main loop of a measuring process: JSON in the argument and in lines of input, JSON in lines of output."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop


def run(program: Callable[[dict[str, Any]], Awaitable[Any]]) -> None:
    """Run the program with the JSON in the first argument, and print its result unless that is None."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if (result := runner.run(_awaited(program, json.loads(sys.argv[1])))) is not None:
            write_line(result)


def write_line(result: Any) -> None:
    """Print it as a line of JSON."""
    print(json.dumps(result), flush=True)


async def read_line() -> str:
    """The next line of input, or an empty string at its end."""
    return await asyncio.to_thread(sys.stdin.readline)


async def _awaited(program: Callable[[dict[str, Any]], Awaitable[Any]], plan: dict[str, Any]) -> Any:
    return await program(plan)
