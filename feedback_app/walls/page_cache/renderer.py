"""The workshop: has Quart make a page for the shelf, once for all who wait for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ...web.middleware.access_log import Record
from ...web.middleware.asgi import App, ASGIMessage, Scope
from ...web.middleware.raw_response import Header
from ...web.middleware.scope_keys import FINGERPRINT, RECORD
from ...web.tasks import cancel_all
from .cached_page import CachedPage, PageKey


class Rendered(NamedTuple):
    """What Quart answered, and the ready bytes if that is something to keep."""

    status: int
    ready: CachedPage | None


@dataclass(frozen=True)
class RenderJob:
    """Quart at work on an address. The numbers tell which began before which."""

    number: int
    started: float
    task: "asyncio.Task[Rendered]"

    async def wait(self, patience: float | None) -> Rendered | None:
        """What came of it; None when it takes longer than `patience`, counted from when it began."""
        left = None if patience is None else max(0, self.started + patience - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait({self.task}, timeout=left)
        return self.task.result() if done else None


class PageRenderer:
    """The request that Quart gets is ours: nothing of a visitor's but the address can get into what is kept."""

    def __init__(self, app: App, keep: Callable[[PageKey, CachedPage], None]) -> None:
        self.count = 0
        self._app, self._keep = app, keep
        self._jobs: dict[PageKey, RenderJob] = {}

    def make(self, address: PageKey, slug: str) -> RenderJob:
        """Begin, or join what has begun already."""
        if (making := self._jobs.get(address)) is None:
            self.count += 1
            task = asyncio.create_task(self._make(address, slug))
            making = RenderJob(self.count, asyncio.get_running_loop().time(), task)
            self._jobs[address] = making
            task.add_done_callback(lambda _: self._jobs.pop(address))
        return making

    async def close(self) -> None:
        await cancel_all([making.task for making in self._jobs.values()])

    async def _make(self, address: PageKey, slug: str) -> Rendered:
        scope = _request(address)
        record = scope[RECORD] = Record("", scope["method"])
        answer = CapturedResponse()
        await self._app(scope, _Nothing(answer).receive, answer.take)
        fingerprint = scope.get(FINGERPRINT)
        if fingerprint is None or not answer.is_for_everybody:
            return Rendered(answer.status, None)
        ready = CachedPage(slug, record.route, fingerprint, answer.headers, answer.body)
        self._keep(address, ready)
        return Rendered(answer.status, ready)


@dataclass
class CapturedResponse:
    """Quart's answer, taken down."""

    status: int = 0
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""
    is_whole: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, message: ASGIMessage) -> None:
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

    def __init__(self, answer: CapturedResponse) -> None:
        self._answer, self._told = answer, False

    async def receive(self) -> ASGIMessage:
        if self._told:
            await self._answer.is_whole.wait()
            return {"type": "http.disconnect"}
        self._told = True
        return {"type": "http.request", "body": b"", "more_body": False}


def _request(address: PageKey) -> Scope:
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
