"""A process with many concurrent posts below HTTP; each writer posts again after its commit.

`posting URL WAY WRITERS WALLS SECONDS` prints `ready`, waits for a line, and prints its results.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any, NamedTuple

from feedback_app.clock import now
from feedback_app.database import Database, writer
from feedback_app.models import Submission
from feedback_app.text.rates import rates_in
from feedback_app.walls.posting.store import store_posts

from .raw import RawMariaDB, RawPostgreSQL, RawSQLite, RawWriter

# A transaction per post, group commit, and the driver alone.
WAYS = ("alone", "together", "raw")
LIMITS, ALLOWANCE = tuple(rates_in("5/minute;30/hour")), tuple(rates_in("60/minute;600/hour"))
# KNOWN=1 measures visitors who have a token.
NEW = not os.environ.get("KNOWN")
TEXT = "The part about undoing mistakes was worth the trip on its own."


async def post_for(url: str, way: str, writers: int, walls: int, seconds: float) -> dict[str, Any]:
    """Milliseconds of each post, and counts of errors."""
    write, close = await _open(url, way)
    await _start_together(write, walls)
    took: list[float] = []
    faults: Counter[str] = Counter()
    end = time.monotonic() + seconds

    async def visitor(number: int) -> None:
        while time.monotonic() < end:
            started = time.perf_counter()
            try:
                await write(1 + number % walls)
            except Exception as fault:
                faults[str(getattr(fault, "orig", fault))[:80]] += 1
            else:
                took.append((time.perf_counter() - started) * 1000)

    started = time.monotonic()
    await asyncio.gather(*(visitor(each) for each in range(writers)))
    duration = time.monotonic() - started
    await close()
    return {"took": took, "faults": faults, "seconds": duration}


async def _open(url: str, way: str) -> tuple[Callable[[int], Awaitable[Any]], Callable[[], Awaitable[None]]]:
    if way == "raw":
        database = Database(url)
        raw: RawWriter
        if database.is_sqlite:
            raw = RawSQLite(str(database.file))
        else:
            raw = RawPostgreSQL(url) if database.url.get_backend_name() == "postgresql" else RawMariaDB(url)
        await database.close()
        zone = UTC if database.is_sqlite else None

        def row() -> tuple[str, str, str, str, Any]:
            at = now().astimezone(zone).replace(tzinfo=None)
            return "Ann", TEXT, secrets.token_hex(32), secrets.token_hex(32), str(at) if database.is_sqlite else at

        return lambda wall_id: raw.write(wall_id, row()), raw.close
    if way == "alone":
        writer.BATCH = 1
    database = Database(url)
    return lambda wall_id: database.write_together(store_posts, _post(wall_id)), database.close


def _post(wall_id: int) -> Submission:
    # Each post has a new visitor and address, so that all limits are checked and none applies.
    return Submission.of(
        wall_id=wall_id,
        name="Ann",
        text=TEXT,
        authors=[secrets.token_hex(16)],
        at=now(),
        given=secrets.token_hex(),
        limits=LIMITS,
        networks=[secrets.token_hex(16), secrets.token_hex(16)],
        is_newcomer=NEW,
        allowance=ALLOWANCE if NEW else (),
    )


async def _start_together(write: Callable[[int], Awaitable[Any]], walls: int) -> None:
    """Connect, and run each statement once before the measurement.

    Each number of walls in a batch has a statement of its own, which SQLAlchemy compiles once in some 10 ms.
    """
    for some in (1, *range(1, walls + 1)):
        await asyncio.gather(*(write(1 + wall) for wall in range(some)))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


class Measured(NamedTuple):
    """Posts per second, and milliseconds: median, p99 and maximum."""

    rate: float
    middle: float
    late: float
    worst: float
    faults: Counter[str]


def measure(url: str, way: str, processes: int, writers: int, walls: int, seconds: float) -> Measured:
    """Run processes with this many writers each, which start together."""
    command = [sys.executable, "-m", "tests.bench.database.posting", url, way, str(writers), str(walls), str(seconds)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in started:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    results = [json.loads(each.communicate()[0]) for each in started]
    took = sorted(each for result in results for each in result["took"])
    faults = sum((Counter(result["faults"]) for result in results), Counter[str]())
    if not took:
        return Measured(0.001, 0, 0, 0, faults)
    rate = sum(len(result["took"]) / result["seconds"] for result in results)
    return Measured(rate, took[len(took) // 2], took[int(len(took) * 0.99)], took[-1], faults)


if __name__ == "__main__":
    url, way, writers, walls, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(post_for(url, way, int(writers), int(walls), float(seconds)))))
