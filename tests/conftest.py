"""Fixtures: a real server on a real database for each test, on each supported database system."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import settings
from quart import Quart, request, request_finished

from .support import Browser, Process, Served, serving
from .support.databases import ENGINES, Folders, missing
from .support.moderators import ModeratorClient, browser_of, moderating

# `make soak`: many random histories instead of a few.
settings.register_profile("soak", deadline=None)

ONLY_SQLITE = {"sqlite", "slow", "browser"}
# Folders of tests whose statements, locks or types each database has in its own way.
DIFFER = {"database", "antispam"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=ENGINES,
        action="append",
        help="Run the tests that use a database on this one alone; repeatable.",
    )
    parser.addoption("--matrix", action="store_true", help="Run every test that uses a database on every engine.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test runs on SQLite; what can differ by engine, or with --matrix all but slow ones, on the others too."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", engines_for(metafunc.config, metafunc.definition))


def engines_for(config: pytest.Config, item: pytest.Item) -> tuple[str, ...]:
    marks = {mark.name for mark in item.iter_markers()}
    in_browser = "browser" in item.path.parts
    chosen = config.getoption("--engine")
    possible = tuple(engine for engine in ENGINES if engine in marks) or ENGINES
    if chosen:
        return tuple(engine for engine in possible if engine in chosen)
    if possible != ENGINES:
        return possible
    if "every_engine" in marks:
        return ENGINES
    if marks & ONLY_SQLITE or in_browser:
        return ("sqlite",)
    differs = "engines" in marks or item.path.parent.name in DIFFER
    return ENGINES if differs or config.getoption("--matrix") else ("sqlite",)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--engine`, deselect tests that are marked for another one. Spread the slow tests."""
    chosen = config.getoption("--engine")

    def is_about_others(item: pytest.Item) -> bool:
        named = {engine for engine in ENGINES if item.get_closest_marker(engine)}
        return bool(chosen and named and named.isdisjoint(chosen))

    left_out = [item for item in items if is_about_others(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items[:] = spread(items)


def spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Keep the random order, but spread the slow tests over the first two thirds, so that none runs at the end alone.

    Some measure times, so they must not all run together.
    """
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    between = len(quick) * 2 // 3 // max(len(slow), 1)
    spread_out = []
    for each in slow:
        spread_out += [each, *quick[:between]]
        del quick[:between]
    return spread_out + quick


@pytest.fixture(scope="session")
def every_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Folders]]:
    """The folders that were needed so far, by engine."""
    made: dict[str, Folders] = {}
    yield made
    for each in made.values():
        each.close()


@pytest.fixture
def folders(engine: str, every_folders: dict[str, Folders], tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Data folders with databases of the test's engine. Without its server the test is skipped."""
    if engine not in every_folders:
        if reason := missing(engine):
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        every_folders[engine] = Folders(engine, tmp_path_factory.mktemp("folders"))
    return every_folders[engine]


@pytest.fixture
def data(folders: Folders, tmp_path: Path) -> Iterator[Path]:
    """A data folder as after the first start, with a migrated database and the wall `main`."""
    with folders.copy(tmp_path / "data") as folder:
        yield folder


@pytest.fixture
def empty(folders: Folders, tmp_path: Path) -> Iterator[Path]:
    """A missing data folder with an empty database."""
    with folders.empty(tmp_path / "new" / "data") as folder:
        yield folder


@pytest.fixture
async def serve(data: Path) -> AsyncIterator[Callable[..., Any]]:
    """Starts servers on the test's database, with any settings."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Served:
            return await stack.enter_async_context(serving(data=data, **settings))

        yield start


@pytest.fixture
async def wall(serve: Callable[..., Any]) -> Served:
    """A served wall without rate limits of posts."""
    served: Served = await serve(post_limit="")
    return served


@pytest.fixture
def client(wall: Served) -> httpx.AsyncClient:
    return wall.client


@pytest.fixture
async def kim(wall: Served) -> AsyncIterator[ModeratorClient]:
    """A client of Kim, who moderates the wall."""
    async with moderating(wall, "Kim") as desk:
        yield desk


@pytest.fixture
async def owner(wall: Served) -> AsyncIterator[Browser]:
    """A client of Ann, who owns the wall."""
    async with await browser_of(wall, "Ann", main="owner") as browser:
        yield browser


@pytest.fixture
def process(data: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*, workers: int = 1, **settings: str) -> Process:
        started.append(Process(data, workers=workers, **settings))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


@pytest.fixture
def made() -> Iterator[Counter[str]]:
    """Counts the answers of Quart by address."""
    count = Counter[str]()

    async def add(_: Quart, **__: Any) -> None:
        count[request.full_path.removesuffix("?")] += 1

    request_finished.connect(add)
    yield count
    request_finished.disconnect(add)
