"""Cost of each address on walls with a thousand to a million entries, as a ratio to the smallest in the same run.

All are measured in turns, so that other load affects all. Each page is rendered, since a post before it changes the
wall. At the end each database prints the query plan of every statement.
"""

import argparse
import asyncio
import os
import platform
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiosqlite
import httpx
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.bench.chart import draw
from feedback_app.bench.report import Machine
from feedback_app.clock import now
from feedback_app.database import Database
from feedback_app.models import Feedback

from ...support import HTMX, Process
from ...support.databases import ENGINES, Folders, missing
from ...support.databases.bulk_data import fill
from ...support.databases.query_plans import gather_statistics, plan_of
from ...support.databases.statements import questions

DRAWN = ("page", "slice deep inside", "post")
QUIET = {"FEEDBACK_DEFENCES": "off", "FEEDBACK_LOG": "off"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-million", description=__doc__)
    parser.add_argument("--engines", nargs="+", default=["sqlite"], choices=ENGINES)
    parser.add_argument("--entries", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=200, help="how often each address is asked")
    parser.add_argument("--plans-of", nargs="*", default=ENGINES, choices=ENGINES, help="show how they answer")
    parser.add_argument("--chart", type=Path, help="draw how the first engine's times grow (SVG)")
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk that is to be measured")
    options = parser.parse_args()

    print(f"{now():%Y-%m-%d %H:%M} UTC, make bench-million ARGS={' '.join(sys.argv[1:])!r}")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {aiosqlite.sqlite_version}")
    sizes = sorted(set(options.entries))
    for engine in dict.fromkeys([*options.engines, *options.plans_of]):
        if why := missing(engine):
            print(f"\n{why}")
            continue
        is_measured = engine in options.engines
        with ExitStack() as stack:
            home = Path(stack.enter_context(TemporaryDirectory(prefix=".bench-", dir=options.folder)))
            folders = Folders(engine, home)
            stack.callback(folders.close)
            # Plans are the same with fewer entries.
            wanted = sizes if is_measured else [min(sizes[-1], 20_000)]
            counts = {stack.enter_context(_served(folders, home / f"wall-{count}")): count for count in wanted}
            asyncio.run(_fill(engine, counts))
            if is_measured:
                times = asyncio.run(_measure(counts, options.rounds))
                _show(wanted, times)
                if options.chart is not None and engine == options.engines[0]:
                    options.chart.write_text(_drawn(wanted, times))
            if engine in options.plans_of:
                asyncio.run(_show_plans(*list(counts.items())[-1]))


@contextmanager
def _served(folders: Folders, folder: Path) -> Iterator[Process]:
    """Serve a new database, which is deleted afterwards."""
    with folders.copy(folder) as data:
        server = Process(data, **QUIET)
        try:
            yield server
        finally:
            server.stop()


async def _fill(engine: str, counts: dict[Process, int]) -> None:
    for server, count in counts.items():
        database = Database(server.database_url)
        began = time.monotonic()
        await fill(database, count, _progress(count))
        await gather_statistics(database, "feedback")
        await database.close()
        print(f"\n{engine}: {count:,} entries in {time.monotonic() - began:.0f} s", flush=True)


def _progress(count: int) -> Callable[[int], object]:
    """Print the progress on a terminal."""

    def report(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done:,} of {count:,} ", end="", file=sys.stderr, flush=True)

    return report


Times = dict[str, list[float]]


async def _measure(counts: dict[Process, int], rounds: int) -> list[Times]:
    """Milliseconds by address and wall."""
    times: dict[Process, Times] = {server: defaultdict(list) for server in counts}
    public = {server: await _public(server, count) for server, count in counts.items()}
    async with AsyncExitStack() as stack:
        clients = {server: await stack.enter_async_context(server.client()) for server in counts}
        for number in range(-10, rounds):
            for server, count in counts.items():
                for name, ask in _asked(clients[server], public[server], count, number).items():
                    began = time.perf_counter()
                    answer = await ask()
                    took = (time.perf_counter() - began) * 1000
                    assert answer.status_code in (200, 201), (name, answer.status_code, answer.text[:200])
                    if number >= 0:
                        times[server][name].append(took)
    return list(times.values())


async def _public(server: Process, count: int) -> list[int]:
    """Ids of random entries in the middle half of the wall."""
    wanted = random.sample(range(count // 4, count * 3 // 4), min(400, count // 2))
    statement = select(Feedback.id).where(
        Feedback.wall_id == 1, Feedback.version.in_(wanted), Feedback.state == "public"
    )
    database = Database(server.database_url)
    async with database.reading() as session:
        found = list((await session.scalars(statement)).all())
    await database.close()
    return found


def _asked(
    client: httpx.AsyncClient, public: list[int], count: int, number: int
) -> dict[str, Callable[[], Awaitable[httpx.Response]]]:
    """Requests of one round. Pages and entries differ each time, so that none is cached."""
    fields = {"name": "Ann", "text": f"Post {number}", "key": f"key-of-post-{number}"}
    addresses = {
        "page": "",
        "slice deep inside": f"/feedback?before={random.choice(public)}",
        "slice at the end": f"/feedback?before={random.randrange(40, 90)}",
        "feed": "/feed.json",
        "feed deep inside": f"/feed.json?before={random.choice(public)}",
        "changes": f"/changes?after={count + number}",
        "one entry": f"/feedback/{random.choice(public)}",
    }
    asked: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        "post": lambda: client.post("/walls/main/feedback", data=fields, headers=HTMX)
    }
    for name, address in addresses.items():
        asked[name] = lambda address=address: client.get(f"/walls/main{address}")  # type: ignore[misc]
    return asked


def _show(sizes: list[int], times: list[Times]) -> None:
    print("milliseconds, p50 and p99".ljust(28) + "".join(f"{count:>18,}" for count in sizes) + "  ratio, p50 and p99")
    for name in times[0]:
        found = [_percentiles(each[name]) for each in times]
        (first_middle, first_late), (middle, late) = found[0], found[-1]
        shown = "".join(f"{each[0]:10.2f}{each[1]:8.2f}" for each in found)
        print(f"{name:28}{shown}{middle / first_middle:8.2f}{late / first_late:6.2f}")


def _drawn(sizes: list[int], times: list[Times]) -> str:
    lines = {name: [_percentiles(each[name])[0] for each in times] for name in DRAWN}
    text = "; ".join(f"{count:,} entries: {value:.1f} ms" for count, value in zip(sizes, lines["page"], strict=True))
    title = "Milliseconds of an answer, by entries on the wall (medians)"
    return draw(title, text, sizes, lines, Machine(), within=(1, 100))


def _percentiles(times: list[float]) -> tuple[float, float]:
    found = statistics.quantiles(times, n=100, method="inclusive")
    return found[49], found[98]


async def _show_plans(server: Process, count: int) -> None:
    database = Database(server.database_url)
    engine = database.url.get_backend_name()
    async with AsyncSession(database.write_engine) as session:
        version = await session.scalar(text("SELECT sqlite_version()" if database.is_sqlite else "SELECT version()"))
        print(f"\nHow {engine} {version} answers, with {count:,} entries:")
        for name, statement in questions(count).items():
            first, *others = (await plan_of(statement, session)).splitlines()
            print(f"  {name:32} {first}")
            for line in others:
                print(f"  {'':32} {line}")
    await database.close()


if __name__ == "__main__":
    main()
