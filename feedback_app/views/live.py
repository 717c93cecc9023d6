"""The news as one answer, for readers without a stream."""

from quart import Blueprint, Response, request

from ..database import database
from ..finding import find_wall
from ..live.news import news_since, version_from
from ..security import keep_unlisted

views = Blueprint("live", __name__)


@views.get("/walls/<slug>/changes")
async def changes(slug: str) -> Response:
    keep_unlisted()
    async with database().reading() as session:
        wall = await find_wall(slug, session)
        news = await news_since(version_from(request.args.get("after", "")), wall, session)

    headers = {"Wall-Version": str(news.version), "Cache-Control": "no-store"}
    return Response(news.html, 200, headers) if news.changes else Response("", 204, headers)
