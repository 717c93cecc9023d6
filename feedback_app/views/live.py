"""The news as one answer, for readers without a stream."""

from collections.abc import AsyncIterator
from typing import cast

from quart import Blueprint, Response, current_app, request

from ..assets import takes_brotli
from ..database import database
from ..finding import find_wall
from ..live.news import version_from
from ..live.past import Past
from ..security import keep_unlisted

# So much waits in memory at once for a reader who takes it slowly.
PIECE_BYTES = 32 * 1024

views = Blueprint("live", __name__)


@views.get("/walls/<slug>/changes")
async def changes(slug: str) -> Response:
    keep_unlisted()
    async with database().reading() as session:
        wall = await find_wall(slug, session)
    past = cast("Past", current_app.extensions["past"])
    missed = await past.html_since(version_from(request.args.get("after", "")), wall.slug)

    headers = {"Cache-Control": "no-store", "Wall-Version": str(missed.version if missed else wall.version)}
    if missed is None or not missed.html:
        return Response("", 204, headers)
    if takes_brotli():
        return Response(missed.html, 200, headers)
    headers |= {"Content-Length": str(len(missed.html)), "Vary": "Accept-Encoding"}
    return Response(_pieces(missed.html), 200, headers)


async def _pieces(html: bytes) -> AsyncIterator[bytes]:
    for first in range(0, len(html), PIECE_BYTES):
        yield html[first : first + PIECE_BYTES]
