"""A wall of its own for each test: a real server on a real database."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from quart import Quart, request, request_finished

from feedback_app import installation
from feedback_app.config import Settings
from feedback_app.database import Database

from .support import Process, Served, serving


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a migrated database and the wall `main`, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "data"
    settings = Settings(data=folder)

    async def make() -> None:
        database = Database(installation.database_url(settings))
        await installation.open_database(settings, database)
        await database.close()

    asyncio.run(make())
    installation.secret_key(settings)
    return folder


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "data"))


@pytest.fixture
async def serve(data: Path) -> AsyncIterator[Callable[..., Any]]:
    """Serves the test's database, as often and with whatever settings the test likes."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Served:
            return await stack.enter_async_context(serving(data=data, **settings))

        yield start


@pytest.fixture
async def wall(serve: Callable[..., Any]) -> Served:
    """A wall without a limit of posts."""
    served: Served = await serve(post_limit="")
    return served


@pytest.fixture
def client(wall: Served) -> httpx.AsyncClient:
    return wall.client


@pytest.fixture
def process(data: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(**settings: str) -> Process:
        started.append(Process(data, **settings))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


@pytest.fixture
def made() -> Iterator[Counter[str]]:
    """How often Quart answered at which address."""
    count = Counter[str]()

    async def add(_: Quart, **__: Any) -> None:
        count[request.full_path.removesuffix("?")] += 1

    request_finished.connect(add)
    yield count
    request_finished.disconnect(add)
