"""Responses to public pages: ETag, 304 Not Modified (conditional requests), compression."""

import hashlib
from typing import cast

from quart import Quart, Response, g, request

from ..models import Wall
from .assets import takes_brotli
from .middleware.asgi import Scope
from .middleware.raw_response import ENCODINGS, WORTH_COMPRESSING
from .middleware.scope_keys import FINGERPRINT
from .state import state

COMPRESSED = ("text/html", "application/feed+json", "application/atom+xml")


def init_app(app: Quart) -> None:
    app.after_request(compress)


def wants_fragment() -> bool:
    """Whether htmx sent the request. Only responses to a write may depend on it."""
    return request.headers.get("HX-Request") == "true"


def fingerprint(wall: Wall) -> tuple[int, int, str]:
    """What a public page depends on besides its URL and our files: wall id, wall version, form token period."""
    return wall.id, wall.version, g.token_period


def entity_tag(wall: Wall, *, has_form: bool = False) -> str:
    """The ETag of the requested page. With a form it changes with the form token, every hour."""
    *wall_and_version, period = fingerprint(wall)
    parts = (state().build_id, *wall_and_version, period if has_form else "", request.full_path)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def unchanged(wall: Wall, *, has_form: bool = False) -> Response | None:
    """304 when `If-None-Match` names the current ETag, else None."""
    tag = entity_tag(wall, has_form=has_form)
    if not request.if_none_match.contains_weak(tag):
        return None
    answer = Response(status=304)
    answer.set_etag(tag, weak=True)
    answer.headers["Vary"] = "Accept-Encoding"
    del answer.headers["Content-Type"]
    return answer


def answer(body: str, wall: Wall, mimetype: str = "text/html", *, has_form: bool = False) -> Response:
    """A 200 response with its ETag, which the page cache may store."""
    response = Response(body, mimetype=mimetype)
    response.set_etag(entity_tag(wall, has_form=has_form), weak=True)
    cast("Scope", request.scope)[FINGERPRINT] = fingerprint(wall)
    return response


async def compress(response: Response) -> Response:
    """Compress a complete text response with brotli when it is large enough and the client accepts it."""
    is_whole = isinstance(response.response, response.data_body_class)
    if response.mimetype not in COMPRESSED or response.status_code == 304 or not is_whole:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    body = await response.get_data(as_text=False)
    if len(body) >= WORTH_COMPRESSING and takes_brotli():
        response.set_data(ENCODINGS["br"][0](body))
        response.headers["Content-Encoding"] = "br"
    return response
