"""Fixtures: Chromium and a real server process. Without Chromium the tests are skipped; in CI they fail."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from ..support.databases import Folders
from .host_pages import Host, Publish
from .queue_pages import QueuePages
from .served_wall import Wall

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    "--test-third-party-cookie-phaseout",
]
# Generous, since tests run beside each other; nothing here measures speed.
expect.set_options(timeout=20_000)
MISSING = "Chromium is not installed, so the browser tests are skipped (on Debian: apt-get install chromium)."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if pytest_asyncio.is_async_test(item):
                # The browser's event loop, since it starts once per process.
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[Wall]:
    wall = Wall(data, **settings)
    try:
        yield wall
    finally:
        if wall.process.poll() is None:
            wall.stop()


@pytest.fixture
def wall(data: Path) -> Iterator[Wall]:
    with serving(data) as served:
        yield served


@pytest.fixture
def wall_with(folders: Folders, tmp_path: Path) -> Iterator[Callable[..., Wall]]:
    """Starts walls with other settings."""
    served: list[Wall] = []
    with ExitStack() as stack:

        def make(**settings: str) -> Wall:
            data = stack.enter_context(folders.copy(tmp_path / f"data-{len(served)}"))
            served.append(Wall(data, **settings))
            return served[-1]

        yield make
        for each in served:
            each.stop()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Publish]:
    """Another site: a function that publishes HTML, and gives the address."""
    host = Host(tmp_path / "host")
    yield host.publish
    host.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def started_chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed, and CI must run the browser tests.")
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(started_chromium: Browser) -> AsyncIterator[Browser]:
    """The browser; closes what the test has opened."""
    yield started_chromium
    for context in started_chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport={"width": 900, "height": 800})
    await context.add_init_script(
        "self.violations = []; addEventListener('securitypolicyviolation', event => "
        "violations.push(`${event.violatedDirective} ${event.blockedURI}`));"
    )
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page; violations of the content security policy and script errors fail the test."""
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert await page.evaluate("self.violations ?? []") == []
    assert faults == []


@pytest_asyncio.fixture(loop_scope="session")
async def queue_pages(wall: Wall) -> AsyncIterator[QueuePages]:
    queue_pages = QueuePages(wall)
    yield queue_pages
    await queue_pages.database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def reader(chromium: Browser) -> AsyncIterator[Page]:
    """A page of another visitor."""
    context = await chromium.new_context()
    yield await context.new_page()
    await context.close()
