"""Latency of an act: from its POST until the entry leaves a page of another process; and queues with many entries."""

import argparse
import asyncio
import contextlib
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import aiosqlite
import httpx
from playwright.async_api import Page, async_playwright
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.clock import now
from feedback_app.database import Database
from feedback_app.models import Feedback, Wall

from ...browser.conftest import CHROMIUM, FLAGS
from ...support import OURS, Process
from ...support.databases import ENGINES, Folders, missing, url_of
from ...support.databases.query_plans import gather_statistics, plan_of, questions_about
from ...support.moderators import make_moderator

# Records for each entry when it was removed and the next frame was drawn.
WATCH = """() => {
  self.gone = {};
  new MutationObserver(changes => changes.forEach(({removedNodes}) => removedNodes.forEach(({id}) => {
    if (id) requestAnimationFrame(() => { gone[id] = Date.now(); });
  }))).observe(document.getElementById('feedback'), {childList: true});
}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-acts", description=__doc__)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--acts", type=int, default=200)
    parser.add_argument("--waiting", type=int, default=50_000, help="entries on the full desk; the other one has 50")
    parser.add_argument("--pages", type=int, default=100, help="first pages of each desk")
    parser.add_argument("--plans", action="store_true", help="show how each question of the desk is answered")
    options = parser.parse_args()

    print(f"{now():%Y-%m-%d %H:%M} UTC, make bench-acts ARGS={' '.join(sys.argv[1:])!r}")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {aiosqlite.sqlite_version}")
    if CHROMIUM is None:
        print("Chromium is not installed, so no screen is looked at (on Debian: apt-get install chromium).")
    for engine in options.engines:
        if why := missing(engine):
            print(f"\n{why}")
            continue
        print(f"\n{engine}")
        with _prepared(engine) as data:
            asyncio.run(_measure(data, options))


@contextlib.contextmanager
def _prepared(engine: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        folders = Folders(engine, Path(home))
        try:
            with folders.copy(Path(home) / "data") as data:
                yield data
        finally:
            folders.close()


async def _measure(data: Path, options: argparse.Namespace) -> None:
    database = Database(url_of(data) or f"sqlite:///{data / 'feedback.sqlite3'}")
    settings = {"FEEDBACK_DEFENCES": "off", "FEEDBACK_LOG": "off"}
    here, there = Process(data, **settings), Process(data, **settings)
    try:
        await _make_walls(database, options.waiting)
        _, token = await make_moderator(database, "Kim", ["main", "few", "many"])
        if CHROMIUM is not None:
            async with here.client() as client, _screen(f"http://127.0.0.1:{there.port}/walls/main") as page:
                client.cookies.set("feedback", token)
                acted = await _act(client, page, options)
            _show("from the POST to the next picture without it, another process", acted)
        async with here.client() as client:
            client.cookies.set("feedback", token)
            few, many = await _load(client, options.pages)
        _show("first page of the desk, 50 waiting", few)
        _show(f"first page of the desk, {options.waiting:,} waiting", many)
        print(f"  {'':62} ratio {statistics.median(many) / statistics.median(few):6.2f}")
        if options.plans:
            await _show_plans(database)
    finally:
        here.stop()
        there.stop()
        await database.close()


@contextlib.asynccontextmanager
async def _screen(address: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(address)
        await page.wait_for_selector("html[data-live=stream]")
        yield page
        await browser.close()


async def _act(client: httpx.AsyncClient, page: Page, options: argparse.Namespace) -> list[float]:
    """Milliseconds of acts in sequence, at random moments."""
    sent = {}
    await page.evaluate(WATCH)
    for each in range(options.acts):
        data = {"name": "Ann", "text": f"Post {each}", "key": f"key-of-post-{each}"}
        answer = await client.post("/walls/main/feedback", data=data, headers=OURS)
        number = answer.headers["location"].rsplit("=", 1)[1]
        await page.wait_for_selector(f"#feedback-{number}")
        await asyncio.sleep(0.01 + 0.05 * (each % 7) / 7)
        sent[number] = time.time() * 1000
        answer = await client.post("/moderation/acts", data={"verb": "hide", "feedback": number}, headers=OURS)
        assert answer.status_code == 303, answer.text
        await page.wait_for_selector(f"#feedback-{number}", state="detached")
    await page.wait_for_timeout(200)
    gone = await page.evaluate("gone")
    return [gone[f"feedback-{number}"] - at for number, at in sent.items()]


async def _load(client: httpx.AsyncClient, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds for the first pages of both queues, in turns."""
    taken: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(count + 5):
        for slug, times in taken.items():
            began = time.perf_counter()
            answer = await client.get(f"/walls/{slug}/moderation")
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200
    return taken["few"][5:], taken["many"][5:]


async def _make_walls(database: Database, waiting: int) -> None:
    async def make(session: AsyncSession) -> None:
        session.add_all(Wall(slug=slug, title=slug.title(), hold="all") for slug in ("few", "many"))

    await database.write(make)
    for slug, count in (("few", 50), ("many", waiting)):
        for first in range(0, count, 5_000):
            await database.write(partial(_fill, slug=slug, count=min(5_000, count - first)))
    await gather_statistics(database, "feedback")


async def _fill(session: AsyncSession, slug: str, count: int) -> None:
    wall = (await session.scalars(Wall.locked(slug))).one()
    entries = [
        wall.receive(name="Ann", text=f"Waits as number {each}", author=f"{each % 997}", reason="all")
        for each in range(count)
    ]
    await session.execute(Feedback.insertion(), [each.row() for each in entries])


async def _show_plans(database: Database) -> None:
    """Print the query plans of the full queue."""
    async with database.reading() as session:
        wall = (await session.scalars(Wall.named("many"))).one()
        numbers = select(func.max(Feedback.id)).where(Feedback.wall_id == wall.id)
        middle = (await session.scalar(numbers) or 0) - wall.desk_version // 2
        asked = questions_about(wall.id, middle=middle, latest=wall.desk_version - 3, author="7")
        for name, (statement, _) in asked.items():
            print(f"  {name}:")
            for line in (await plan_of(statement, session)).splitlines():
                print(f"    {line}")


def _show(what: str, times: list[float]) -> None:
    found = statistics.quantiles(times, n=100)
    print(f"  {what:62} p50 {found[49]:6.1f} ms  p99 {found[98]:6.1f} ms  worst {max(times):6.1f} ms", flush=True)


if __name__ == "__main__":
    main()
