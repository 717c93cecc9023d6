"""Rights: who may listen to what moderators see, asked when a stream opens and again every two seconds."""

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
from .hub import DESK, INDEX, Hub, Listener

SECONDS = 2
ENDED = b"event: ended\ndata:\n\n"
# The page comes again at once, and is told the list as it is then.
AGAIN = b"event: closing\nretry: 500\ndata:\n\n"


class StreamAccess:
    """Ends the streams of those who logged out, were demoted, or have been idle for too long, and those of indexes on
    which a wall is missing or too many."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self.database, self.hub = database, hub

    async def watch(self) -> None:
        """Cancelled when the server stops."""
        while True:
            await asyncio.sleep(SECONDS)
            # Without the database there is no news to keep from anybody either.
            with suppress(SQLAlchemyError, DatabaseUnfit, OSError):
                await self.look()

    async def look(self) -> None:
        """One question for all of them."""
        listening = [(key.wall_id, each) for key, each in self.hub.listening(DESK)]
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
        """For each index of walls that is open, who listens to which wall for it."""
        lines: dict[Send, dict[int, Listener]] = defaultdict(dict)
        for key, each in self.hub.listening(INDEX):
            lines[each.send][key.wall_id] = each
        return lines.values()


def session_of(scope: Scope, base_url: str) -> str:
    """The digest of the session's token, as it is stored; empty without one. As `auth` does it, below Quart."""
    header = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    scheme = base_url.partition(":")[0] or scope.get("scheme", "http")
    name = session_cookie(is_secure=scheme == "https", is_below_path=bool(root()))
    token = parse_cookie(header).get(name, "")
    return digest(token) if token else ""


def _end(listeners: Iterable[Listener], word: bytes) -> None:
    for each in listeners:
        if each.is_open:
            each.close(word)
