"""Take the screenshots of README and docs/ from a running wall with invented entries."""

import argparse
import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.clock import now
from feedback_app.models import Wall as WallModel

from .. import ROOT
from ..browser.conftest import CHROMIUM, FLAGS, MISSING, Wall, serving
from ..browser.queue_pages import QueuePages, open_desk
from ..browser.wall_pages import LIVE

DOCS = ROOT / "docs"
WELCOME = "How was it for you? Write a few words: praise, doubts, questions. Ruth and the team read along and answer."
STAFF = "Ruth Adeyemi"


class Entry(NamedTuple):
    """`minutes` is its age; `waits` is its `reason` in the database if it is held."""

    minutes: int
    name: str
    text: str
    answer: str = ""
    is_pinned: bool = False
    waits: str | None = None


ENTRIES = (
    Entry(190, "Mateusz", "The robot arm waved back. My day is made."),
    Entry(150, "Ingrid", "More seats next time, please. And more of those cinnamon rolls."),
    Entry(95, "Oleksandr", "Could the lab stay open on Mondays? I would like to bring my class."),
    Entry(64, "Hanna", "Loved the live demo that went wrong. It showed how you look for a mistake."),
    Entry(48, "Søren K.", "First time that I understood how a laser cutter works. Please put the slides online."),
    Entry(33, "Priya", "The coffee was excellent, thank you!"),
    Entry(26, "Tom & Ida", "We came with our eight-year-old. Her questions were better than ours!", is_pinned=True),
    Entry(
        21,
        "Maya Lindqvist",
        "The part about undoing mistakes was worth the trip on its own. I have shown it to two colleagues, and now "
        "they want to come too.\n\nOne wish: please leave a little more time for questions at the end.",
    ),
    Entry(
        12,
        "Leïla",
        "Is there a recording? My train was late, and I missed the first half hour.",
        answer="Yes: the recording will be here on Monday, and the slides are online already.",
    ),
    Entry(4, "Jonas", "What happens when two people press the button at the same moment? I lost the thread there."),
)
WAITING = (
    Entry(9, "Felix", "Here is my write-up with photos: https://felix.example/open-lab-day", waits="links"),
    Entry(6, "Noor", "Is the workshop on Saturday also for beginners?", waits="address"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--folder", type=Path, default=DOCS, help="where the pictures go")
    options = parser.parse_args()
    if CHROMIUM is None:
        sys.exit(MISSING)
    asyncio.run(_take_all(options.folder))


async def _take_all(folder: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with tempfile.TemporaryDirectory() as home, serving(Path(home) / "data", FEEDBACK_LOG="off") as wall:
            queue_pages = QueuePages(wall)
            try:
                await queue_pages.database.write(_write)
                wide = await _page(browser, width=1280, height=800)
                await _open(wide, wall)
                await wide.fill("[name=name]", "Ana Ruiz")
                await wide.fill("[name=text]", "The model railway in hall B runs again!")
                await _take(wide, folder / "wall-light.png")
                phone = await _page(browser, width=390, height=844, color_scheme="dark", device_scale_factor=2)
                await _open(phone, wall)
                await _take(phone, folder / "wall-dark-phone.png")
                await queue_pages.database.write(_write_waiting)
                desk = await _page(browser, width=1280, height=1000)
                await queue_pages.let_in(desk.context, STAFF)
                await open_desk(desk, wall)
                await _take(desk, folder / "queue.png")
            finally:
                await queue_pages.database.close()
        await browser.close()


async def _page(browser: Browser, *, width: int, height: int, **options: Any) -> Page:
    """A browser context without motion, in a fixed time zone."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
        **{"color_scheme": "light", **options},
    )
    return await context.new_page()


async def _open(page: Page, wall: Wall) -> None:
    await page.goto(wall.page)
    await page.wait_for_selector(LIVE)


async def _take(page: Page, file: Path) -> None:
    await page.evaluate("document.fonts.ready")
    picture = await page.screenshot(path=file, animations="disabled", caret="hide")
    print(f"{file.name}: {len(picture) / 1000:.0f} kB", flush=True)


async def _write(session: AsyncSession) -> None:
    found = (await session.scalars(WallModel.locked("main"))).one()
    found.title, found.welcome, found.hold = "Open lab day", WELCOME, "links"
    for entry in ENTRIES:
        _receive(session, found, entry)


async def _write_waiting(session: AsyncSession) -> None:
    found = (await session.scalars(WallModel.locked("main"))).one()
    for entry in WAITING:
        _receive(session, found, entry)


def _receive(session: AsyncSession, wall: WallModel, entry: Entry) -> None:
    at = now() - timedelta(minutes=entry.minutes)
    feedback = wall.receive(name=entry.name, text=entry.text, author=entry.name, reason=entry.waits)
    feedback.created_at = at
    session.add(feedback)
    if entry.answer:
        wall.answer(feedback, text=entry.answer, by=STAFF)
        feedback.answered_at = at + timedelta(minutes=3)
    if entry.is_pinned:
        wall.pin(feedback)


if __name__ == "__main__":
    main()
