"""Changes as one answer, for readers without a stream (polling)."""

from collections.abc import AsyncIterator

from quart import Blueprint, Response, request

from ..accounts.sessions import require_wall
from ..moderation.views import views as queue_views
from ..walls.lookup import find_wall
from ..web.assets import takes_brotli
from ..web.security import keep_unlisted
from ..web.state import database, state
from .changes import version_from
from .queue_changes import queue_changes_since

# The most that is buffered for a slow reader.
PIECE_BYTES = 32 * 1024

views = Blueprint("live", __name__)


@views.get("/walls/<slug>/changes")
async def changes(slug: str) -> Response:
    keep_unlisted()
    async with database().reading() as session:
        wall = await find_wall(slug, session)
    missed = await state().catch_up_cache.html_since(version_from(request.args.get("after", "")), wall.slug)

    headers = {"Cache-Control": "no-store", "Wall-Version": str(missed.version if missed else wall.version)}
    if missed is None or not missed.html:
        return Response("", 204, headers)
    if takes_brotli():
        return Response(missed.html, 200, headers)
    headers |= {"Content-Length": str(len(missed.html)), "Vary": "Accept-Encoding"}
    return Response(_pieces(missed.html), 200, headers)


@queue_views.get("/walls/<slug>/moderation/changes", endpoint="changes")
async def queue_changes(slug: str) -> Response:
    """The changes of the moderation queue, for a page without a stream."""
    async with database().reading() as session:
        wall = await require_wall(slug, session)
        found = await queue_changes_since(version_from(request.args.get("after", "")), wall, session)
    headers = {"Wall-Version": str(found.version)}
    return Response(found.html, 200, headers) if found.changes else Response("", 204, headers)


async def _pieces(html: bytes) -> AsyncIterator[bytes]:
    for first in range(0, len(html), PIECE_BYTES):
        yield html[first : first + PIECE_BYTES]
