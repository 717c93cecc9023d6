"""Real Chromium against a real server process; where Chromium is missing these tests are skipped, in CI they fail."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from ..databases import Folders
from ..support import NO_CERTIFICATES, Process, environment, run

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
MISSING = "Chromium is not installed, so the browser tests are skipped (on Debian: apt-get install chromium)."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if pytest_asyncio.is_async_test(item):
                # The loop of the browser, which starts once for all tests of a process.
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


class Wall(Process):
    """A wall served by a process of its own, which can be killed and started again at the same address."""

    def __init__(self, data: Path, **settings: str) -> None:
        super().__init__(data, **{"FEEDBACK_DEFENCES": "off", **settings})
        self.url = f"http://127.0.0.1:{self.port}"
        self.page = f"{self.url}/walls/main"

    def post(self, name: str, text: str, **fields: str) -> int:
        """Somebody else writes; gives the number of the entry, 0 where it waits."""
        answer = httpx.post(
            f"{self.page}/feedback",
            data={"name": name, "text": text, "key": os.urandom(8).hex(), **fields},
            headers={"Sec-Fetch-Site": "same-origin"},
            timeout=20,
            verify=NO_CERTIFICATES,
        )
        assert answer.status_code == 303, answer.text
        thanks = answer.headers["location"].rsplit("=", 1)[1]
        return int(thanks) if thanks.isdigit() else 0

    def run(self, *command: str) -> None:
        """A command of ours, in a process of its own on the same database."""
        run(self.data, *command).check_returncode()

    def edit(self, number: int, text: str) -> None:
        """A change of words, made by another process: there is no command for it."""
        program = (
            "import asyncio, sys\n"
            "from feedback_app import installation\n"
            "from feedback_app.config import Settings\n"
            "from feedback_app.database import Database\n"
            "from feedback_app.models import Feedback, Wall\n"
            "number, text = int(sys.argv[1]), sys.argv[2]\n"
            "async def work(session):\n"
            "    wall = (await session.scalars(Wall.locked('main'))).one()\n"
            "    feedback = (await session.scalars(Feedback.numbered(wall.id, number))).one()\n"
            "    wall.edit(feedback, name=feedback.name, text=text)\n"
            "async def main():\n"
            "    database = Database(installation.database_url(Settings.from_environment()))\n"
            "    await database.write(work)\n"
            "    await database.close()\n"
            "asyncio.run(main())\n"
        )
        subprocess.run(
            [sys.executable, "-c", program, str(number), text],
            env=environment(self.data),
            check=True,
        )


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
    """A wall with other settings."""
    served: list[Wall] = []
    with ExitStack() as stack:

        def make(**settings: str) -> Wall:
            data = stack.enter_context(folders.copy(tmp_path / f"data-{len(served)}"))
            served.append(Wall(data, **settings))
            return served[-1]

        yield make
        for each in served:
            each.stop()


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
    """Nothing that a test has opened in it is there in the next one."""
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
    """A page on which nothing may break the content security policy and no script may fail."""
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert await page.evaluate("self.violations ?? []") == []
    assert faults == []
