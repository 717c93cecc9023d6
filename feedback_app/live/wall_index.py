"""The live index of a moderator's walls: one stream for all walls, with the counts of each."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..database import Database
from ..models import LoginSession, Wall
from ..moderation.queue import counts
from ..web.middleware.access_log import name
from ..web.middleware.asgi import App, ASGIMessage, Receive, Scope, Send
from ..web.middleware.body_limit import refusal_of
from ..web.middleware.network import network_of
from ..web.templates import render
from .access import session_of
from .changes import Change, Changes
from .hub import HEARTBEAT, INDEX, Hub, Listener, TopicKey
from .streams import AWAY, FULL, HEADERS, SLOW_SECONDS, disconnect_of, refuse

ADDRESS = "/moderation/live"


async def wall_index_changes_since(after: int | None, wall: Wall, session: AsyncSession) -> Changes:
    """The wall's current row in the index, if it has changed since the version `after`."""
    if after == wall.desk_version:
        return Changes(wall.desk_version, [])
    counted = (await counts([wall.id], session))[wall.id]
    html = render("live/_wall_index_change.html", wall=wall, count=counted)
    return Changes(wall.desk_version, [Change(wall.desk_version, html)])


class SharedSend:
    """The ASGI `send` of one reader, shared by a listener per wall. Nothing is sent after the last message of one."""

    def __init__(self, send: Send) -> None:
        self._send, self.has_ended = send, False

    async def send(self, message: ASGIMessage) -> None:
        if not self.has_ended:
            self.has_ended = not message["more_body"]
            await self._send(message)


class WallIndexMiddleware:
    """Answers `/moderation/live`: the whole list first, then each wall that changes.

    A request without a wall goes to the app, which answers 404.
    """

    def __init__(self, app: App, hub: Hub, database: Database, base_url: str) -> None:
        self.app, self.hub, self.database, self.base_url = app, hub, database, base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_asked(scope):
            return await self.app(scope, receive, send)
        name(scope, "live.index")
        session = session_of(scope, self.base_url)
        address = network_of((scope.get("client") or ("", 0))[0])
        if not self.hub.admit(address):
            return await refuse(send, FULL)
        try:
            try:
                walls, body = await self._read_walls(session)
            except (SQLAlchemyError, OSError):
                return await refuse(send, AWAY)
            if not walls:
                return await self.app(scope, receive, send)
            await receive()  # The empty body; the next message is the disconnection.
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._follow(
                Listener(SharedSend(send).send, disconnect_of(scope), 0, session=session), walls, body, receive
            )
        finally:
            self.hub.release(address)
        return None

    async def _read_walls(self, session: str) -> tuple[Sequence[Wall], bytes]:
        """The walls that the session may moderate now, and the rendered list."""
        async with self.database.reading() as reading:
            rights = (await reading.execute(LoginSession.rights([session], now()))).all()
            walls = (await reading.scalars(Wall.among([wall_id for _, wall_id in rights]))).all() if rights else []
            counted = await counts([wall.id for wall in walls], reading)
        html = render("live/_wall_index.html", walls=walls, counts=counted)
        return walls, HEARTBEAT + Change(0, html).event().body

    async def _follow(self, reader: Listener, walls: Sequence[Wall], body: bytes, receive: Receive) -> None:
        """Stream the list and its changes. `reader` is the template of the listeners, one per wall."""
        listeners: dict[TopicKey, Listener] = {}
        try:
            while True:
                async with asyncio.timeout(SLOW_SECONDS):
                    await reader.send({"type": "http.response.body", "body": body, "more_body": True})
                listeners = {TopicKey(INDEX, wall.id): replace(reader, version=wall.desk_version) for wall in walls}
                if self.hub.is_closed or all(self.hub.join(*each) for each in listeners.items()):
                    break
                self._leave(listeners)
                walls, body = await self._read_walls(reader.session)
                if not walls:
                    return reader.disconnect()
            while not self.hub.is_closed and (await receive())["type"] != "http.disconnect":
                pass
            if self.hub.is_closed:
                await reader.send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, SQLAlchemyError, OSError):
            reader.disconnect()
        finally:
            self._leave(listeners)
        return None

    def _leave(self, listeners: Mapping[TopicKey, Listener]) -> None:
        for key, listener in listeners.items():
            self.hub.leave(key, listener)


def _is_asked(scope: Scope) -> bool:
    return (
        scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == ADDRESS and refusal_of(scope) is None
    )
