"""Streams: server-sent events below Quart, with one coroutine per reader that catches up and then waits."""

import asyncio
import random
from collections.abc import Callable
from typing import NamedTuple, cast
from urllib.parse import parse_qs

from sqlalchemy.exc import SQLAlchemyError

from ..clock import now
from ..database import Database
from ..models import LoginSession
from ..walls.location import STREAM_ADDRESS
from ..walls.lookup import wall_by_slug
from ..web.metrics import CUT
from ..web.middleware.access_log import name
from ..web.middleware.asgi import App, Receive, Scope, Send
from ..web.middleware.body_limit import refusal_of
from ..web.middleware.network import network_of
from ..web.middleware.scope_keys import DISCONNECT, TRANSPORT
from .access import session_of
from .catch_up import CatchUp, CatchUpCache
from .changes import version_from
from .hub import HEARTBEAT, PUBLIC, QUEUE, Hub, Listener, TopicKey
from .queue_changes import queue_changes_since

SLOW_SECONDS = 20
FULL = b"There are more live readers than can be served at the moment. Look at the changes now and then instead."
AWAY = b"The wall cannot reach its database right now. Try again in a moment."
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    # A stream does not end, so the connection cannot be reused (RFC 9112, section 9.6).
    (b"connection", b"close"),
]


class Asked(NamedTuple):
    """The wall and kind of topic that a request asks for; `session` is a digest, for moderators' topics."""

    slug: str
    kind: str
    session: str


class StreamMiddleware:
    """Answers `/walls/<slug>/live` and, for moderators, `/walls/<slug>/moderation/live`.

    Everything else goes to the app, as do a wall that does not exist and a missing role.
    """

    def __init__(self, app: App, hub: Hub, database: Database, catch_up_cache: CatchUpCache, base_url: str) -> None:
        self.app, self.hub, self.database, self.catch_up_cache, self.base_url = (
            app,
            hub,
            database,
            catch_up_cache,
            base_url,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._asked(scope)
        if asked is None:
            return await self.app(scope, receive, send)
        name(scope, "live.stream")
        address = network_of((scope.get("client") or ("", 0))[0])
        if not self.hub.admit(address):
            return await refuse(send, FULL)
        try:
            try:
                catch_up = await self._catch_up(asked, _after(scope))
            except (SQLAlchemyError, OSError):
                return await refuse(send, AWAY)
            if catch_up is None:
                return await self.app(scope, receive, send)
            await self._follow(asked, catch_up, scope, receive, send)
        finally:
            self.hub.release(address)
        return None

    def _asked(self, scope: Scope) -> Asked | None:
        if scope["type"] != "http" or scope["method"] != "GET" or refusal_of(scope) is not None:
            return None
        match = STREAM_ADDRESS.fullmatch(scope["path"])
        if match is None:
            return None
        if match.group(2):
            return Asked(match.group(1), QUEUE, session_of(scope, self.base_url))
        return Asked(match.group(1), PUBLIC, "")

    async def _catch_up(self, asked: Asked, after: int | None, *, at_least: int = 0) -> CatchUp | None:
        """The changes that the reader has catch_up; None if the wall does not exist or the role is missing."""
        if asked.kind == PUBLIC:
            return await self.catch_up_cache.since(after, asked.slug, at_least=at_least)
        async with self.database.reading() as session:
            wall = await wall_by_slug(asked.slug, session)
            if wall is None:
                return None
            rights = (await session.execute(LoginSession.rights([asked.session], now()))).all()
            if (asked.session, wall.id) not in {(token, wall_id) for token, wall_id in rights}:
                return None
            changes = await queue_changes_since(after, wall, session)
        return CatchUp(TopicKey(QUEUE, wall.id), changes.version, changes.body)

    async def _follow(self, asked: Asked, catch_up: CatchUp, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # The empty body; the next message is the disconnection.
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        transport = scope.get("extensions", {}).get(TRANSPORT)
        listener = Listener(send, disconnect_of(scope), catch_up.version, transport, session=asked.session)
        key, body = catch_up.key, HEARTBEAT + catch_up.body
        while True:
            try:
                async with asyncio.timeout(SLOW_SECONDS):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            except TimeoutError:
                return listener.disconnect()
            listener.version = catch_up.version
            if self.hub.is_closed or self.hub.join(key, listener):
                break
            newest = self.hub.topics[key].version
            try:
                newer = await self._catch_up(asked, catch_up.version, at_least=newest)
            except (SQLAlchemyError, OSError):
                newer = None
            if newer is None:
                return listener.disconnect()
            catch_up, body = newer, newer.body
        del catch_up, body  # Frees memory, since the frame lives as long as the stream.
        try:
            while not self.hub.is_closed and (await receive())["type"] != "http.disconnect":
                pass
            if self.hub.is_closed and listener.is_open:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.hub.leave(key, listener)
        return None


def _after(scope: Scope) -> int | None:
    """The version that the reader has, from `Last-Event-ID` or `?after=`; None if it is missing or invalid."""
    last_event_id = next((value for name, value in scope["headers"] if name == b"last-event-id"), None)
    if last_event_id is None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return version_from(query.get("after", [""])[-1])
    return version_from(last_event_id.decode("latin-1"))


def disconnect_of(scope: Scope) -> Callable[[], None]:
    """A function that disconnects a stream. Under another server than ours it cancels the current task."""
    cut = scope.get("extensions", {}).get(DISCONNECT) or cast("asyncio.Task[None]", asyncio.current_task()).cancel

    def disconnect() -> None:
        CUT.inc()
        cut()

    return disconnect


async def refuse(send: Send, sentence: bytes) -> None:
    """Answer 503 with a sentence and a `Retry-After`."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(sentence)),
        (b"retry-after", b"%d" % random.randint(10, 40)),  # noqa: S311 - spreads the retries.
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": sentence, "more_body": False})
