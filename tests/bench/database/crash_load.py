"""Crash test: many post and read while the server is killed repeatedly.

At the end acknowledged posts are compared with stored ones, and received events with versions.
"""

import argparse
import asyncio
import os
import platform
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiosqlite

from feedback_app.clock import now

from ...support import Process
from ...support.crash_load import CrashLoad, Outcome
from ...support.databases import ENGINES, Folders, missing

QUIET = {"FEEDBACK_DEFENCES": "off", "FEEDBACK_LOG": "off"}
# Minimum of posts between a start and the next kill, which comes after a random pause.
POSTS_BETWEEN = 20
MOST_SECONDS_BETWEEN = 0.6


def main() -> None:
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--engine", default="sqlite", choices=ENGINES)
    parser.add_argument("--posters", type=int, default=64)
    parser.add_argument("--readers", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk to test")
    parser.add_argument("--answers-before-commit", action="store_true", help="a faulty build, which must lose posts")
    options = parser.parse_args()
    if why := missing(options.engine):
        sys.exit(why)

    print(f"{now():%Y-%m-%d %H:%M} UTC, make storm ARGS={' '.join(sys.argv[1:])!r}")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {aiosqlite.sqlite_version}")
    is_faulty = options.answers_before_commit
    workers, program = (1, "tests.programs.answers_before_commit") if is_faulty else (options.workers, "feedback_app")
    with _served(options.engine, options.folder, workers, program) as server:
        outcome = asyncio.run(_run(server, options.kills, options.posters, options.readers))
    if is_faulty:
        print("Lost posts were found, as they must be." if outcome.lost else "FAILED: no lost post was found.")
    else:
        print("Every acknowledged post is stored once." if outcome.is_good else "FAILED.")
    sys.exit(not (outcome.lost if is_faulty else outcome.is_good))


async def _run(server: Process, kills: int, posters: int, readers: int) -> Outcome:
    load = CrashLoad([server], posters=posters, followers=readers)
    began, away = time.monotonic(), 0.0
    async with load.running(must_hold=False):
        for kill in range(1, kills + 1):
            await load.more(POSTS_BETWEEN, 120)
            await asyncio.sleep(random.uniform(0, MOST_SECONDS_BETWEEN))
            killed = time.monotonic()
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            away += time.monotonic() - killed
            if kill % 5 == 0 or kill == kills:
                print(f"{kill:4} times killed, {load.count} posts acknowledged", flush=True)
        await load.more(POSTS_BETWEEN, 120)
    assert load.outcome is not None
    print(f"{time.monotonic() - began:.0f} s, without a server for {away:.0f} s")
    _show(load.outcome, load)
    return load.outcome


def _show(outcome: Outcome, load: CrashLoad) -> None:
    rows = {
        "posts acknowledged": outcome.acknowledged,
        "stored": outcome.stored,
        "sent again without an answer": sum(load.troubles.values()),
        "lost": outcome.lost,
        "doubled": outcome.doubled,
        "versions 1 to the last, no gap": "yes" if outcome.versions_without_gap else "NO",
        "database sound": "yes" if outcome.is_sound else "NO",
        "events heard": outcome.heard,
        "missed": outcome.missed,
        "heard twice": outcome.heard_twice,
        "out of order": outcome.out_of_order,
    }
    for name, value in rows.items():
        print(f"{name:>32}  {value}")


@contextmanager
def _served(engine: str, folder: Path, workers: int, program: str) -> Iterator[Process]:
    """Serve a new database, which is deleted afterwards."""
    with TemporaryDirectory(prefix=".load-", dir=folder) as home:
        folders = Folders(engine, Path(home))
        try:
            with folders.copy(Path(home) / "data") as data:
                server = Process(data, workers=workers, program=program, **QUIET)
                try:
                    yield server
                finally:
                    server.kill()
        finally:
            folders.close()


if __name__ == "__main__":
    main()
