"""Feeds of public entries: JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) and Atom (RFC 4287)."""

import json

from quart import Blueprint, Response, request

from ..models import Feedback, Wall
from ..models.pagination import Page
from ..text.messages import Message
from ..text.translation import translate
from ..web.responses import answer, unchanged
from ..web.security import FRAGMENT, own_address
from ..web.state import database
from ..web.templates import iso, render
from .location import Location
from .lookup import before_in_query, find_wall

views = Blueprint("feeds", __name__)

SIZE = 50
# CORS: scripts of any site may read public feeds, and make conditional requests.
SHARED = {**FRAGMENT, "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Retry-After"}
PREFLIGHT = {"Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "If-None-Match"}
ANONYMOUS = Message("Anonymous")


@views.after_request
async def share(response: Response) -> Response:
    """Add the CORS headers to every response, also to 304, redirects and errors."""
    response.headers.update(SHARED if request.method != "OPTIONS" else {**SHARED, **PREFLIGHT})
    return response


@views.get("/walls/<slug>/feed.json")
async def json_feed(slug: str) -> Response:
    found = await _find_page(slug)
    if isinstance(found, Response):
        return found
    wall, entries = found
    return answer(json.dumps(_json_feed(wall, entries), ensure_ascii=False), wall, "application/feed+json")


@views.get("/walls/<slug>/feed.atom")
async def atom_feed(slug: str) -> Response:
    found = await _find_page(slug)
    if isinstance(found, Response):
        return found
    wall, entries = found
    xml = render("walls/atom.xml", wall=wall, page=entries, before=before_in_query(), origin=own_address())
    return answer(xml, wall, "application/atom+xml")


async def _find_page(slug: str) -> Response | tuple[Wall, Page]:
    before = before_in_query()
    async with database().reading() as session:
        wall = await find_wall(slug, session)

        if same := unchanged(wall):
            return same

        return wall, Page((await session.scalars(Feedback.published_on(wall.id, before=before, size=SIZE))).all(), SIZE)


def _json_feed(wall: Wall, entries: Page) -> dict[str, object]:
    page = own_address() + Location(wall.slug).address()
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": wall.title,
        "home_page_url": page,
        "feed_url": f"{page}/feed.json",
        "language": wall.language,
        "items": [_item(wall, page, feedback, translate(ANONYMOUS, wall.language)) for feedback in entries.entries],
    }
    if wall.welcome:
        feed["description"] = wall.welcome
    return {**feed, "next_url": f"{page}/feed.json?before={entries.before}"} if entries.before else feed


def _item(wall: Wall, page: str, feedback: Feedback, anonymous: str) -> dict[str, object]:
    item: dict[str, object] = {
        "id": wall.entry_id(feedback.id),
        "url": f"{page}/feedback/{feedback.id}",
        "content_text": feedback.text_with_answer,
        "authors": [{"name": feedback.name or anonymous}],
        "date_published": iso(feedback.created_at),
    }
    is_changed = feedback.updated_at > feedback.created_at
    return {**item, "date_modified": iso(feedback.updated_at)} if is_changed else item
