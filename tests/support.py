"""What tests do again and again: open a wall, write on it, listen to it."""

import asyncio
import os
import re
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from limits import parse_many
from quart import Quart
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app import installation
from feedback_app.application import create_app
from feedback_app.clock import now
from feedback_app.config import Settings
from feedback_app.database import Database
from feedback_app.models import Feedback, Login, Membership, Moderator, Post, Wall
from feedback_app.passwords import hash_now
from feedback_app.server import WallServer, listen

from . import warm as warm
from .databases import url_of
from .nursery import Program

# Our servers speak plain HTTP; reading the system's certificates for each client would take longer than many a test.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OURS = {"Sec-Fetch-Site": "same-origin"}
HTMX = {**OURS, "HX-Request": "true"}


class Served(NamedTuple):
    """An app on its own port in this process, and a client for it."""

    app: Quart
    client: httpx.AsyncClient
    port: int

    @property
    def database(self) -> Database:
        return self.app.extensions["database"]

    async def change(self, verb: Callable[..., Any], number: int, **words: str) -> None:
        """Let the wall do something with one of its entries."""

        async def work(session: AsyncSession) -> None:
            wall = (await session.scalars(Wall.locked_with(number))).one()
            verb(wall, (await session.scalars(Feedback.numbered(wall.id, number))).one(), **words)

        await self.database.write(work)


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Served]:
    if "data" in settings:
        settings.setdefault("database_url", url_of(settings["data"]))
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
    host = {"Host": urlsplit(settings["base_url"]).netloc} if "base_url" in settings else {}
    # What the server clears away at its start would come between what some tests do.
    await until(lambda: app.extensions["purge"].rounds)
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
    """Fill in the form of the page and send it, as htmx does unless other headers are given."""
    data = {"name": name, "text": text, "stamp": await stamp(client), "key": os.urandom(8).hex(), **fields}
    return await client.post("/walls/main/feedback", data=data, headers=headers)


def a_post(text: str, *, wall_id: int = 1, author: str = "a", given: str = "", limits: str = "") -> Post:
    """What the form's handler gives to the writer."""
    rules = parse_many(limits) if limits else ()
    return Post.of(wall_id=wall_id, name="Ann", text=text, authors=[author], at=now(), given=given, limits=rules)


async def items(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await client.get("/walls/main/feed.json")).json()["items"]


async def words(client: httpx.AsyncClient) -> list[str]:
    return [item["content_text"] for item in await items(client)]


async def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until it holds; it may be a coroutine function."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if await found if asyncio.iscoroutine(found) else found:
            return
        assert time.monotonic() < end, "It did not come to be in time."
        await asyncio.sleep(0.01)


PASSWORD = "four words that differ"


@cache
def hashed() -> str:
    return hash_now(PASSWORD)


async def employ(database: Database, name: str, **roles: str) -> int:
    """Make an account, whose password is PASSWORD, with a role on each of these walls; gives its number."""

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
    """Gives the token of a session of this moderator, without the slow way through the login page."""
    token = secrets.token_urlsafe(32)

    async def work(session: AsyncSession) -> None:
        session.add(Login.opened(number, token))

    await database.write(work)
    return token


class Browser(httpx.AsyncClient):
    """Somebody's browser, with cookies of its own, at a served wall."""

    def __init__(self, served: "Served") -> None:
        super().__init__(base_url=served.client.base_url, timeout=20, headers=OURS, verify=NO_CERTIFICATES)

    @classmethod
    async def of(cls, served: "Served", number: int) -> "Browser":
        """One in which this moderator has a session open."""
        browser = cls(served)
        browser.cookies.set("feedback", await open_session(served.database, number), domain="127.0.0.1")
        return browser


class Event(NamedTuple):
    id: str
    event: str
    data: str
    retry: str


class Reader:
    """Listens to a wall's stream as a browser does, on a socket of its own."""

    def __init__(
        self,
        port: int,
        after: str = "",
        *,
        last_event_id: str | None = None,
        slug: str = "main",
        host: str = "127.0.0.1",
    ) -> None:
        self.port, self.after, self.slug, self.last_event_id, self.host = port, after, slug, last_event_id, host
        self.events: list[Event] = []
        self.status = 0
        self.headers = ""
        self.ended = False

    async def __aenter__(self) -> "Reader":
        self.stream, self.writer = await asyncio.open_connection(self.host, self.port)
        resume = f"Last-Event-ID: {self.last_event_id}\r\n" if self.last_event_id is not None else ""
        address = f"/walls/{self.slug}/live?after={self.after}"
        self.writer.write(f"GET {address} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{resume}\r\n".encode())
        head = (await self.stream.readuntil(b"\r\n\r\n")).decode()
        self.status, self.headers = int(head.split()[1]), head.lower()
        self.task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def _listen(self) -> None:
        text = b""
        try:
            while (size := int(await self.stream.readline() or b"0", 16)) > 0:
                text += await self.stream.readexactly(size)
                await self.stream.readline()
                while b"\n\n" in text:
                    block, text = text.split(b"\n\n", 1)
                    self._hear(block.decode())
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        self.ended = True

    def _hear(self, block: str) -> None:
        fields: dict[str, list[str]] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        if set(fields) - {""}:
            self.events.append(Event(*("\n".join(fields.get(name, [])) for name in ("id", "event", "data", "retry"))))

    @property
    def news(self) -> list[Event]:
        return [event for event in self.events if event.data]

    @property
    def versions(self) -> list[int]:
        return [int(event.id) for event in self.news]


class Process:
    """`feedback-app serve` as a process of its own; `program` is another module that runs our command line."""

    def __init__(
        self, data: Path, *, workers: int = 1, host: str = "127.0.0.1", program: str = "feedback_app", **settings: str
    ) -> None:
        with socket.socket() as free:
            free.bind((host, 0))
            self.port: int = free.getsockname()[1]
        self.data, self.workers, self.host, self.program, self.settings = data, workers, host, program, settings
        self.start()

    def start(self) -> None:
        options = ["--host", self.host, "--port", str(self.port), "--workers", str(self.workers)]
        self.process = Program(
            [sys.executable, "-m", self.program, "serve", *options],
            env=environment(self.data, **self.settings),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert "The wall is at" in self.process.stdout.readline()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(20)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def kill(self) -> None:
        """End all of its processes at once, the one that was started and its workers, and wait until they are gone."""
        workers = self.worker_pids
        self.process.kill()
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.stop(signal.SIGKILL)
        end = time.monotonic() + 10
        while any(is_running(pid) for pid in workers):
            assert time.monotonic() < end, "A worker that was killed is still there."
            time.sleep(0.005)

    @property
    def worker_pids(self) -> set[int]:
        """The processes that serve, when a supervisor started them."""
        pid = self.process.pid
        return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    @property
    def database_url(self) -> str | URL:
        """That of its database, for whoever wants to look into it."""
        url = self.settings.get("FEEDBACK_DATABASE_URL") or url_of(self.data)
        return installation.database_url(Settings(data=self.data, database_url=url))

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://{self.host}:{self.port}", timeout=20, verify=NO_CERTIFICATES)


def is_running(pid: int) -> bool:
    """Whether the process is there and no zombie, which nobody here may have buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def environment(data: Path, **settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FEEDBACK_")}
    return {**inherited, **variables(data), **settings}


def variables(data: Path) -> dict[str, str]:
    """The settings of a test's installation: its folder, and its database where that is no file in it."""
    url = url_of(data)
    return {"FEEDBACK_DATA": str(data), **({"FEEDBACK_DATABASE_URL": url} if url else {})}


def run(data: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command of ours, to its end."""
    words = [sys.executable, "-m", "feedback_app", *command]
    with Program(
        words, env=environment(data, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        stdout, stderr = program.communicate(timeout=60)
    return subprocess.CompletedProcess(words, program.returncode, stdout, stderr)
