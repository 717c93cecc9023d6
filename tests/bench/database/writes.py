"""Durable posts per second below HTTP: a transaction per post, group commit, and the bare driver."""

import argparse
import contextlib
import itertools
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiosqlite

from feedback_app.clock import now

from ...support.databases import ENGINES, Folders, missing, url_of
from .posting import WAYS, measure


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-writes", description=__doc__)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--writers", nargs="+", type=int, default=[1, 16, 64, 256], help="at once, in each process")
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 4])
    parser.add_argument("--walls", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--seconds", type=float, default=1.5, help="for each figure")
    parser.add_argument("--minutes", type=float, default=15, help="for everything; what is left then is left out")
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk that is to be measured")
    options = parser.parse_args()

    print(f"{now():%Y-%m-%d %H:%M} UTC, make bench-writes ARGS={' '.join(sys.argv[1:])!r}")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {aiosqlite.sqlite_version}")
    end = time.monotonic() + options.minutes * 60
    for engine in options.engines:
        if why := missing(engine):
            print(f"\n{why}")
            continue
        print(
            f"\n{'':35} | {'one transaction a post':^23} | {'posts share one (ours)':^39} | {'the driver alone':^23}\n"
            f"{engine:11}{'processes':>10}{'writers':>8}{'walls':>6} | {'a second':>8}{'p50 ms':>8}{'p99':>7} | "
            f"{'a second':>10}{'p50 ms':>8}{'p99':>7}{'worst':>7}{'ratio':>7} | {'a second':>8}{'p50 ms':>8}{'p99':>7}"
        )
        with _prepared(engine, options.folder, max(options.walls)) as url:
            for figures in itertools.product(options.processes, options.walls, options.writers):
                if time.monotonic() > end:
                    print(f"{'':11}The rest is left out, since {options.minutes:g} minutes are over.")
                    break
                _show(url, *figures, options.seconds)


def _show(url: str, processes: int, walls: int, writers: int, seconds: float) -> None:
    found = {way: measure(url, way, processes, writers, walls, seconds) for way in WAYS}
    alone, together, raw = (found[way] for way in WAYS)
    print(
        f"{'':11}{processes:10}{writers:8}{walls:6} | {alone.rate:8.0f}{alone.middle:8.1f}{alone.late:7.0f} | "
        f"{together.rate:10.0f}{together.middle:8.1f}{together.late:7.0f}{together.worst:7.0f}"
        f"{together.rate / alone.rate:7.1f} | {raw.rate:8.0f}{raw.middle:8.1f}{raw.late:7.0f}",
        flush=True,
    )
    for way, measured in found.items():
        for fault, count in measured.faults.items():
            print(f"{'':11}{way}: {count} x {fault}", flush=True)


@contextlib.contextmanager
def _prepared(engine: str, folder: Path, walls: int) -> Iterator[str]:
    """The URL of a database with this many walls, which is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=folder) as home:
        folders = Folders(engine, Path(home))
        try:
            with folders.copy(Path(home) / "data") as data:
                environment = {**os.environ, "FEEDBACK_DATA": str(data), "FEEDBACK_DATABASE_URL": url_of(data)}
                for number in range(2, walls + 1):
                    command = [sys.executable, "-m", "feedback_app", "wall", "add", f"wall-{number}"]
                    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
                yield url_of(data) or f"sqlite:///{(data / 'feedback.sqlite3').absolute()}"
        finally:
            folders.close()


if __name__ == "__main__":
    main()
