"""Latency from a commit in this process to the readers of another one, which share only the database.

A time ends when all readers have the change. Commits come at random moments, so that they do not synchronise with the
polling.
"""

import argparse
import asyncio
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiosqlite

from feedback_app.clock import now
from feedback_app.database import Database
from feedback_app.walls.posting.store import store_posts

from ...support import Event, Process, Reader, a_post
from ...support.databases import ENGINES, Folders, missing

QUIET = {"FEEDBACK_DEFENCES": "off", "FEEDBACK_LOG": "off"}
AIMS = {"sqlite": 50, "postgresql": 50, "mariadb": 250}


class Watch(Reader):
    """Records when each version arrived."""

    def _receive(self, block: str) -> None:
        heard = time.perf_counter()
        super()._receive(block)
        if self.events and self.events[-1].id:
            self.at[int(self.events[-1].id)] = heard
        self.events: list[Event] = []

    async def __aenter__(self) -> "Watch":
        self.at: dict[int, float] = {}
        await super().__aenter__()
        return self


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-wake", description=__doc__)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--commits", type=int, default=60, help="in each run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--readers", type=int, default=20)
    options = parser.parse_args()

    print(f"{now():%Y-%m-%d %H:%M} UTC, make bench-wake ARGS={' '.join(sys.argv[1:])!r}")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {aiosqlite.sqlite_version}")
    print(f"Commit to the last of {options.readers} screens, another process; medians of {options.runs} runs.\n")
    print(f"{'milliseconds':14}{'p50':>8}{'p99':>8}{'worst':>8}{'aim, p50':>10}")
    for engine in options.engines:
        if why := missing(engine):
            print(why)
            continue
        with _served(engine) as server:
            runs = asyncio.run(_measure(server, options.runs, options.commits, options.readers))
        middle, late, worst = (statistics.median(figures) for figures in zip(*runs, strict=True))
        print(f"{engine:14}{middle:8.1f}{late:8.1f}{worst:8.1f}{AIMS[engine]:>10}", flush=True)


@contextmanager
def _served(engine: str) -> Iterator[Process]:
    with TemporaryDirectory(prefix="bench-") as home:
        folders = Folders(engine, Path(home))
        try:
            with folders.copy(Path(home) / "data") as data:
                server = Process(data, **QUIET)
                try:
                    yield server
                finally:
                    server.stop()
        finally:
            folders.close()


async def _measure(server: Process, runs: int, commits: int, readers: int) -> list[tuple[float, float, float]]:
    database = Database(server.database_url)
    async with AsyncExitStack() as stack:
        watches = [await stack.enter_async_context(Watch(server.port, "0")) for _ in range(readers)]
        await _time(database, watches, 5)
        found = []
        for _ in range(runs):
            times = await _time(database, watches, commits)
            found.append(
                (statistics.median(times), statistics.quantiles(times, n=100, method="inclusive")[98], max(times))
            )
    await database.close()
    return found


async def _time(database: Database, watches: list[Watch], commits: int) -> list[float]:
    """Milliseconds since the commit returned."""
    times = []
    for _ in range(commits):
        await asyncio.sleep(random.uniform(0.02, 0.12))
        received = await database.write_together(store_posts, a_post("Hello", author=os.urandom(8).hex()))
        committed = time.perf_counter()
        while not all(received.version in watch.at for watch in watches):
            await asyncio.sleep(0.001)
            assert time.perf_counter() - committed < 10, "It was not heard."
        times.append((max(watch.at[received.version] for watch in watches) - committed) * 1000)
    return times


if __name__ == "__main__":
    main()
