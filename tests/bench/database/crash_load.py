"""A storm at a wall: many post without a pause while all that serves is killed, again and again.

At the end what was acknowledged is compared with what is stored, and what the readers heard with what there is to hear.
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
# How many posts are acknowledged between a start and the next kill, at least, and how much longer it rages then.
POSTS_BETWEEN = 20
MOST_SECONDS_BETWEEN = 0.6


def main() -> None:
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--engine", default="sqlite", choices=ENGINES)
    parser.add_argument("--posters", type=int, default=64)
    parser.add_argument("--readers", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk that is to be tried")
    parser.add_argument("--hasty", action="store_true", help="a build that answers before the commit, and must lose")
    options = parser.parse_args()
    if why := missing(options.engine):
        sys.exit(why)

    print(f"{now():%Y-%m-%d %H:%M} UTC, make storm ARGS={' '.join(sys.argv[1:])!r}")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {aiosqlite.sqlite_version}")
    workers, program = (
        (1, "tests.programs.answers_before_commit") if options.hasty else (options.workers, "feedback_app")
    )
    with _served(options.engine, options.folder, workers, program) as server:
        outcome = asyncio.run(_rage(server, options.kills, options.posters, options.readers))
    if options.hasty:
        print("It answers before the commit, and is caught." if outcome.lost else "NOTHING WAS LOST: this is blind.")
    else:
        print("Every acknowledged post is there, once." if outcome.is_good else "THIS MUST NOT BE.")
    sys.exit(not (outcome.lost if options.hasty else outcome.is_good))


async def _rage(server: Process, kills: int, posters: int, readers: int) -> Outcome:
    storm = CrashLoad([server], posters=posters, followers=readers)
    began, away = time.monotonic(), 0.0
    async with storm.running(must_hold=False):
        for kill in range(1, kills + 1):
            await storm.more(POSTS_BETWEEN, 120)
            await asyncio.sleep(random.uniform(0, MOST_SECONDS_BETWEEN))
            killed = time.monotonic()
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            away += time.monotonic() - killed
            if kill % 5 == 0 or kill == kills:
                print(f"{kill:4} times killed, {storm.count} posts acknowledged", flush=True)
        await storm.more(POSTS_BETWEEN, 120)
    assert storm.outcome is not None
    print(f"{time.monotonic() - began:.0f} s, of which nobody served for {away:.0f} s")
    _show(storm.outcome, storm)
    return storm.outcome


def _show(outcome: Outcome, storm: CrashLoad) -> None:
    rows = {
        "posts acknowledged": outcome.acknowledged,
        "stored": outcome.stored,
        "sent again without an answer": sum(storm.troubles.values()),
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
    """Workers on a new database, which is taken away afterwards."""
    with TemporaryDirectory(prefix=".storm-", dir=folder) as home:
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
