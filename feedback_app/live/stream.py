"""The stream: server-sent events below Quart, one coroutine a reader that catches up and then only waits."""

import asyncio
import random
import re
from collections.abc import Callable
from typing import NamedTuple, cast
from urllib.parse import parse_qs

from jinja2 import Environment

from ..asgi import App, Receive, Scope, Send
from ..authors import network_of
from ..clock import now
from ..database import Database
from ..guard import refusal_of
from ..logs import name
from ..metrics import CUT
from ..models import Login, Wall
from .desk import desk_news_since
from .hub import DESK, PUBLIC, Hub, Key, Listener
from .news import News, news_since, version_from
from .rights import session_of

ADDRESS = re.compile(r"/walls/([^/]+)(/moderation)?/live")
SLOW_SECONDS = 20
ABORT = "feedback.abort"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Asked(NamedTuple):
    """What a request wants to hear, with whose session where that matters."""

    slug: str
    kind: str
    session: str


class Streams:
    """Answers `/walls/<slug>/live` and, for moderators, `/walls/<slug>/moderation/live`.

    Everything else, and every doubt, goes on to the app.
    """

    def __init__(self, app: App, hub: Hub, database: Database, templates: Environment, base_url: str) -> None:
        self.app, self.hub, self.database, self.templates, self.base_url = app, hub, database, templates, base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._asked(scope)
        if asked is None:
            return await self.app(scope, receive, send)
        name(scope, "live.stream")
        address = network_of((scope.get("client") or ("", 0))[0])
        if not self.hub.admit(address):
            return await _refuse(send)
        try:
            news = await self._news(asked, _after(scope))
            if news is None:
                return await self.app(scope, receive, send)
            await self._follow(asked, news, scope, receive, send)
        finally:
            self.hub.release(address)
        return None

    def _asked(self, scope: Scope) -> Asked | None:
        if scope["type"] != "http" or scope["method"] != "GET" or refusal_of(scope) is not None:
            return None
        match = ADDRESS.fullmatch(scope["path"])
        if match is None:
            return None
        if match.group(2):
            return Asked(match.group(1), DESK, session_of(scope, self.base_url))
        return Asked(match.group(1), PUBLIC, "")

    async def _news(self, asked: Asked, after: int | None) -> tuple[Key, News] | None:
        """What the reader has missed of what; None where there is no such wall, or where it is not for them."""
        async with self.database.reading() as session:
            wall = await session.scalar(Wall.named(asked.slug))
            if wall is None:
                return None
            key = Key(asked.kind, wall.id)
            if asked.kind == PUBLIC:
                return key, await news_since(after, wall, session, self.templates)
            rights = (await session.execute(Login.rights([asked.session], now()))).all()
            if (asked.session, wall.id) not in {(token, wall_id) for token, wall_id in rights}:
                return None
            return key, await desk_news_since(after, wall, session, self.templates)

    async def _follow(self, asked: Asked, found: tuple[Key, News], scope: Scope, receive: Receive, send: Send) -> None:
        key, news = found
        await receive()  # The body guard left an empty one; what comes after it is the disconnection.
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        listener = Listener(send, _hang_up(scope), news.version, session=asked.session)
        body = b": welcome\n\n"
        while True:
            body += b"".join(event.body for event in news.events())
            try:
                async with asyncio.timeout(SLOW_SECONDS):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            except TimeoutError:
                return listener.hang_up()
            listener.version = news.version
            if self.hub.is_closed or self.hub.join(key, listener):
                break
            if (newer := await self._news(asked, news.version)) is None:
                return listener.hang_up()
            body, (_, news) = b"", newer
        try:
            while not self.hub.is_closed and (await receive())["type"] != "http.disconnect":
                pass
            if self.hub.is_closed and listener.is_open:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.hub.leave(key, listener)
        return None


def _after(scope: Scope) -> int | None:
    """The version up to which the reader knows everything; None where it gives none that could be."""
    told = next((value for name, value in scope["headers"] if name == b"last-event-id"), None)
    if told is None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return version_from(query.get("after", [""])[-1])
    return version_from(told.decode("latin-1"))


def _hang_up(scope: Scope) -> Callable[[], None]:
    """How to end a stream from outside: our server cuts the connection, under another one its task is cancelled."""
    abort = scope.get("extensions", {}).get(ABORT) or cast("asyncio.Task[None]", asyncio.current_task()).cancel

    def hang_up() -> None:
        CUT.inc()
        abort()

    return hang_up


async def _refuse(send: Send) -> None:
    sentence = (
        b"There are more live readers than can be served at the moment. Look at the changes now and then instead."
    )
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(sentence)),
        (b"retry-after", b"%d" % random.randint(10, 40)),  # noqa: S311 - readers are to come back at different times.
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": sentence, "more_body": False})
