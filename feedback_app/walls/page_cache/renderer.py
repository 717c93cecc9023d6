"""Renders pages for the cache through Quart, once for all requests that wait for the same page."""

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
    """The status of Quart's response, and the page if it may be cached."""

    status: int
    page: CachedPage | None


@dataclass(frozen=True)
class RenderJob:
    """A page being rendered. `number` gives the order in which jobs started."""

    number: int
    started: float
    task: "asyncio.Task[Rendered]"

    async def wait(self, patience: float | None) -> Rendered | None:
        """The result; None when it is not done `patience` seconds after the job started."""
        left = None if patience is None else max(0, self.started + patience - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait({self.task}, timeout=left)
        return self.task.result() if done else None


class PageRenderer:
    """Sends Quart a request of its own, so that a visitor's headers cannot influence a cached page (cache poisoning).

    `count` is the number of jobs started so far.
    """

    def __init__(self, app: App, store: Callable[[PageKey, CachedPage], None]) -> None:
        self.count = 0
        self._app, self._store = app, store
        self._jobs: dict[PageKey, RenderJob] = {}

    def render(self, key: PageKey, slug: str) -> RenderJob:
        """Start rendering this page, or join a job that is running."""
        if (job := self._jobs.get(key)) is None:
            self.count += 1
            task = asyncio.create_task(self._render(key, slug))
            job = RenderJob(self.count, asyncio.get_running_loop().time(), task)
            self._jobs[key] = job
            task.add_done_callback(lambda _: self._jobs.pop(key))
        return job

    async def close(self) -> None:
        """Cancel all jobs."""
        await cancel_all([job.task for job in self._jobs.values()])

    async def _render(self, key: PageKey, slug: str) -> Rendered:
        scope = _request(key)
        record = scope[RECORD] = Record("", scope["method"])
        answer = CapturedResponse()
        await self._app(scope, _EmptyRequest(answer).receive, answer.send)
        fingerprint = scope.get(FINGERPRINT)
        if fingerprint is None or not answer.is_cacheable:
            return Rendered(answer.status, None)
        page = CachedPage(slug, record.route, fingerprint, answer.headers, answer.body)
        self._store(key, page)
        return Rendered(answer.status, page)


@dataclass
class CapturedResponse:
    """Quart's response, collected in memory."""

    status: int = 0
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""
    is_complete: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: ASGIMessage) -> None:
        """The ASGI `send` that collects."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(name.lower(), value) for name, value in message["headers"]]
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                self.is_complete.set()

    @property
    def is_cacheable(self) -> bool:
        """Whether every visitor may get this response."""
        headers = dict(self.headers)
        return (
            self.status == 200
            and b"etag" in headers
            and b"set-cookie" not in headers
            and b"content-encoding" not in headers
            and b"no-store" not in headers.get(b"cache-control", b"no-store")
            and [value for name, value in self.headers if name == b"vary"] == [b"Accept-Encoding"]
        )


class _EmptyRequest:
    """The `receive` of a request without a body, whose client disconnects after the response.

    Quart 0.23 does not return before the disconnect.
    """

    def __init__(self, answer: CapturedResponse) -> None:
        self._answer, self._is_received = answer, False

    async def receive(self) -> ASGIMessage:
        if self._is_received:
            await self._answer.is_complete.wait()
            return {"type": "http.disconnect"}
        self._is_received = True
        return {"type": "http.request", "body": b"", "more_body": False}


def _request(key: PageKey) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": key.scheme,
        "path": key.path,
        "raw_path": key.path.encode(),
        "query_string": key.query,
        "root_path": "",
        "headers": [(b"host", key.host)],
        "client": None,
        "server": None,
        "extensions": {},
    }
