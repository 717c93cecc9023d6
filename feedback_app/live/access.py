"""Access control of moderators' streams: checked when a stream opens, and again every two seconds."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_cookie

from ..clock import now
from ..database import Database, DatabaseUnfit
from ..models import LoginSession
from ..models.login import digest
from ..web.middleware.asgi import Scope, Send
from ..web.middleware.sub_path import root
from ..web.security import session_cookie
from .hub import INDEX, QUEUE, Hub, Listener

SECONDS = 2
ENDED = b"event: ended\ndata:\n\n"
# The page reconnects immediately, and gets the current list.
AGAIN = b"event: closing\nretry: 500\ndata:\n\n"


class StreamAccess:
    """Ends streams whose session has ended or lost its role, and indexes whose list of walls has changed."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self.database, self.hub = database, hub

    async def watch(self) -> None:
        """Check access for ever; cancelled when the server stops."""
        while True:
            await asyncio.sleep(SECONDS)
            # Without the database there are no changes to protect.
            with suppress(SQLAlchemyError, DatabaseUnfit, OSError):
                await self.check()

    async def check(self) -> None:
        """Check all streams with one query, and end those without access."""
        listening = [(key.wall_id, each) for key, each in self.hub.listening(QUEUE)]
        indexes = self._indexes()
        sessions = {each.session for _, each in listening} | {
            each.session for walls in indexes for each in walls.values()
        }
        if not sessions:
            return
        rights: dict[str, set[int]] = defaultdict(set)
        async with self.database.reading() as session:
            for token, wall_id in await session.execute(LoginSession.rights(sessions, now())):
                rights[token].add(wall_id)
        for wall_id, listener in listening:
            if wall_id not in rights[listener.session]:
                _end([listener], ENDED)
        for walls in indexes:
            opened = rights[next(iter(walls.values())).session]
            if walls.keys() != opened:
                _end(walls.values(), AGAIN if opened else ENDED)

    def _indexes(self) -> Iterable[Mapping[int, Listener]]:
        """For each open index, its listeners by wall id."""
        indexes: dict[Send, dict[int, Listener]] = defaultdict(dict)
        for key, each in self.hub.listening(INDEX):
            indexes[each.send][key.wall_id] = each
        return indexes.values()


def session_of(scope: Scope, base_url: str) -> str:
    """The digest of the session token as stored, or empty. As `accounts.sessions` does it, but from an ASGI scope."""
    header = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    scheme = base_url.partition(":")[0] or scope.get("scheme", "http")
    name = session_cookie(is_secure=scheme == "https", is_below_path=bool(root()))
    token = parse_cookie(header).get(name, "")
    return digest(token) if token else ""


def _end(listeners: Iterable[Listener], event: bytes) -> None:
    for each in listeners:
        if each.is_open:
            each.close(event)
