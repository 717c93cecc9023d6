"""Rights: who may listen to what moderators see, asked when a stream opens and again every two seconds."""

import asyncio
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_cookie

from ..asgi import Scope
from ..clock import now
from ..database import Database, DatabaseUnfit
from ..models import Login
from ..models.login import digest
from .hub import DESK, Hub, Listener

SECONDS = 2
ENDED = b"event: ended\ndata:\n\n"


class Rights:
    """Ends the streams of those who logged out, were demoted, or have been idle for too long."""

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
        if not listening:
            return
        async with self.database.reading() as session:
            found = await session.execute(Login.rights({each.session for _, each in listening}, now()))
            rights = {(token, wall_id) for token, wall_id in found}
        for wall_id, listener in listening:
            if (listener.session, wall_id) not in rights:
                _end(listener)


def session_of(scope: Scope, base_url: str) -> str:
    """The digest of the session's token, as it is stored; empty without one. As `auth` does it, below Quart."""
    header = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    scheme = base_url.partition(":")[0] or scope.get("scheme", "http")
    token = parse_cookie(header).get("__Host-feedback" if scheme == "https" else "feedback", "")
    return digest(token) if token else ""


def _end(listener: Listener) -> None:
    if listener.is_open:
        listener.close(ENDED)
