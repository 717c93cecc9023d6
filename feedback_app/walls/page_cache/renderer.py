"""The workshop: has Quart make a page for the shelf, once for all who wait for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ...web.middleware.access_log import RECORD, Record
from ...web.middleware.asgi import App, Message, Scope
from ...web.middleware.raw_response import Header
from ...web.responses import MADE_OF
from ...web.tasks import end
from .cached_page import Address, Ready


class Outcome(NamedTuple):
    """What Quart answered, and the ready bytes if that is something to keep."""

    status: int
    ready: Ready | None


@dataclass(frozen=True)
class Making:
    """Quart at work on an address. The numbers tell which began before which."""

    number: int
    started: float
    task: "asyncio.Task[Outcome]"

    async def wait(self, patience: float | None) -> Outcome | None:
        """What came of it; None when it takes longer than `patience`, counted from when it began."""
        left = None if patience is None else max(0, self.started + patience - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait({self.task}, timeout=left)
        return self.task.result() if done else None


class Workshop:
    """The request that Quart gets is ours: nothing of a visitor's but the address can get into what is kept."""

    def __init__(self, app: App, keep: Callable[[Address, Ready], None]) -> None:
        self.count = 0
        self._app, self._keep = app, keep
        self._makings: dict[Address, Making] = {}

    def make(self, address: Address, slug: str) -> Making:
        """Begin, or join what has begun already."""
        if (making := self._makings.get(address)) is None:
            self.count += 1
            task = asyncio.create_task(self._make(address, slug))
            making = Making(self.count, asyncio.get_running_loop().time(), task)
            self._makings[address] = making
            task.add_done_callback(lambda _: self._makings.pop(address))
        return making

    async def close(self) -> None:
        await end([making.task for making in self._makings.values()])

    async def _make(self, address: Address, slug: str) -> Outcome:
        scope = _request(address)
        record = scope[RECORD] = Record("", scope["method"])
        answer = Answer()
        await self._app(scope, _Nothing(answer).receive, answer.take)
        made_of = scope.get(MADE_OF)
        if made_of is None or not answer.is_for_everybody:
            return Outcome(answer.status, None)
        ready = Ready(slug, record.route, made_of, answer.headers, answer.body)
        self._keep(address, ready)
        return Outcome(answer.status, ready)


@dataclass
class Answer:
    """Quart's answer, taken down."""

    status: int = 0
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""
    is_whole: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(name.lower(), value) for name, value in message["headers"]]
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                self.is_whole.set()

    @property
    def is_for_everybody(self) -> bool:
        """Whether anybody who asks for this address may get it."""
        said = dict(self.headers)
        return (
            self.status == 200
            and b"etag" in said
            and b"set-cookie" not in said
            and b"content-encoding" not in said
            and b"no-store" not in said.get(b"cache-control", b"no-store")
            and [value for name, value in self.headers if name == b"vary"] == [b"Accept-Encoding"]
        )


class _Nothing:
    """A request that brings nothing, from somebody who stays until they have the answer.

    Quart 0.23 does not come back before it hears that they went.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer, self._told = answer, False

    async def receive(self) -> Message:
        if self._told:
            await self._answer.is_whole.wait()
            return {"type": "http.disconnect"}
        self._told = True
        return {"type": "http.request", "body": b"", "more_body": False}


def _request(address: Address) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": address.scheme,
        "path": address.path,
        "raw_path": address.path.encode(),
        "query_string": address.query,
        "root_path": "",
        "headers": [(b"host", address.host)],
        "client": None,
        "server": None,
        "extensions": {},
    }
