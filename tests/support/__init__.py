"""Shared code of the tests: serve a wall, post, log in, wait for a condition."""

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.accounts.passwords import hash_now
from feedback_app.app import create_app
from feedback_app.clock import now
from feedback_app.database import Database
from feedback_app.models import Feedback, LoginSession, Membership, Moderator, Submission, Wall
from feedback_app.server.connections import listen
from feedback_app.server.run import WallServer
from feedback_app.text.rates import rates_in
from feedback_app.web.state import AppState, state_of

from . import shared_caches  # noqa: F401 - It patches what is imported.
from .clients import HTMX, NO_CERTIFICATES, OURS
from .databases import url_of
from .programs import Process, damage, environment, is_running, run, variables
from .readers import Event, Reader

__all__ = [
    "HTMX",
    "NO_CERTIFICATES",
    "OURS",
    "PASSWORD",
    "Browser",
    "Event",
    "Process",
    "Reader",
    "Served",
    "a_post",
    "add_wall",
    "damage",
    "employ",
    "environment",
    "hashed",
    "is_running",
    "items",
    "log_in",
    "open_session",
    "post",
    "run",
    "serving",
    "stamp",
    "until",
    "variables",
    "words",
]


class Served(NamedTuple):
    """An app on its own port in this process, and a client for it."""

    app: Quart
    client: httpx.AsyncClient
    port: int

    @property
    def state(self) -> AppState:
        return state_of(self.app)

    @property
    def database(self) -> Database:
        return self.state.database

    async def change(self, verb: Callable[..., Any], number: int, **words: str) -> None:
        """Call a method of the wall, such as `Wall.hide`, with one of its entries."""

        async def work(session: AsyncSession) -> None:
            wall = (await session.scalars(Wall.locked_with(number))).one()
            verb(wall, (await session.scalars(Feedback.numbered(wall.id, number))).one(), **words)

        await self.database.write(work)


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Served]:
    if "data" in settings:
        settings.setdefault("database_url", url_of(settings["data"]))
    if settings.get("post_limit") == "":
        settings.setdefault("address_limit", "")
    app = create_app(**settings)
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    started = asyncio.Event()
    server = WallServer(app, on_start=started.set)
    task = asyncio.create_task(server._serve([listening]))
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        await task
    host = {"Host": urlsplit(state_of(app).settings.base_url).netloc} if "base_url" in settings else {}
    # The first round of retention would disturb some tests.
    await until(lambda: state_of(app).retention.rounds)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=host, timeout=20, verify=NO_CERTIFICATES
    ) as client:
        yield Served(app, client, port)
    server.should_exit = True
    await task


async def stamp(client: httpx.AsyncClient, slug: str = "main") -> str:
    page = (await client.get(f"/walls/{slug}")).text
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


async def post(
    client: httpx.AsyncClient,
    name: str = "Ann",
    text: str = "Hello",
    *,
    headers: Mapping[str, str] = HTMX,
    **fields: str,
) -> httpx.Response:
    """Fill in and send the form, as htmx does unless `headers` say otherwise."""
    data = {"name": name, "text": text, "stamp": await stamp(client), "key": os.urandom(8).hex(), **fields}
    return await client.post("/walls/main/feedback", data=data, headers=headers)


def a_post(text: str, *, wall_id: int = 1, author: str = "a", given: str = "", limits: str = "") -> Submission:
    """A post as the writer gets it."""
    rules = rates_in(limits) if limits else ()
    return Submission.of(wall_id=wall_id, name="Ann", text=text, authors=[author], at=now(), given=given, limits=rules)


async def items(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await client.get("/walls/main/feed.json")).json()["items"]


async def words(client: httpx.AsyncClient) -> list[str]:
    return [item["content_text"] for item in await items(client)]


async def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until the condition is true; it may be a coroutine function."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if await found if asyncio.iscoroutine(found) else found:
            return
        assert time.monotonic() < end, "The condition did not become true in time."
        await asyncio.sleep(0.01)


PASSWORD = "four words that differ"


@cache
def hashed() -> str:
    return hash_now(PASSWORD)


async def employ(database: Database, name: str, **roles: str) -> int:
    """Make an account with the password PASSWORD and these roles by wall; gives its id."""

    async def work(session: AsyncSession) -> int:
        moderator = Moderator.new(name, hashed())
        session.add(moderator)
        await session.flush()
        for slug, role in roles.items():
            wall = (await session.scalars(Wall.named(slug))).one()
            session.add(Membership(moderator_id=moderator.id, wall_id=wall.id, role=role))
        return moderator.id

    return await database.write(work)


async def add_wall(database: Database, slug: str) -> None:
    async def work(session: AsyncSession) -> None:
        session.add(Wall(slug=slug, title=slug.title()))

    await database.write(work)


async def log_in(
    client: httpx.AsyncClient, name: str, password: str = PASSWORD, headers: Mapping[str, str] = OURS, **fields: str
) -> httpx.Response:
    return await client.post("/login", data={"name": name, "password": password, **fields}, headers=headers)


async def open_session(database: Database, number: int) -> str:
    """Open a session without the slow login; gives its token."""
    token = secrets.token_urlsafe(32)

    async def work(session: AsyncSession) -> None:
        session.add(LoginSession.opened(number, token))

    await database.write(work)
    return token


class Browser(httpx.AsyncClient):
    """A client of a served wall with cookies of its own."""

    def __init__(self, served: "Served") -> None:
        super().__init__(base_url=served.client.base_url, timeout=20, headers=OURS, verify=NO_CERTIFICATES)

    @classmethod
    async def of(cls, served: "Served", number: int) -> "Browser":
        """One with an open session of this moderator."""
        browser = cls(served)
        browser.cookies.set("feedback", await open_session(served.database, number), domain="127.0.0.1")
        return browser
