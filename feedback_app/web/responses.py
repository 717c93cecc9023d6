"""Answers: the wall's page with its form in whichever state, conditional and compressed."""

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
    """Whether htmx asks; only the answer to a write may depend on it."""
    return request.headers.get("HX-Request") == "true"


def fingerprint(wall: Wall) -> tuple[int, int, str]:
    """All that a public page depends on beside its address and our files; the last is the form's stamp."""
    return wall.id, wall.version, g.edition


def entity_tag(wall: Wall, *, has_form: bool = False) -> str:
    """What this address shows, made by these files; a form has a stamp, which changes every hour."""
    *wall_and_version, stamp = fingerprint(wall)
    parts = (state().build_id, *wall_and_version, stamp if has_form else "", request.full_path)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def unchanged(wall: Wall, *, has_form: bool = False) -> Response | None:
    """304 for a reader who has just this."""
    tag = entity_tag(wall, has_form=has_form)
    if not request.if_none_match.contains_weak(tag):
        return None
    answer = Response(status=304)
    answer.set_etag(tag, weak=True)
    answer.headers["Vary"] = "Accept-Encoding"
    del answer.headers["Content-Type"]
    return answer


def answer(body: str, wall: Wall, mimetype: str = "text/html", *, has_form: bool = False) -> Response:
    response = Response(body, mimetype=mimetype)
    response.set_etag(entity_tag(wall, has_form=has_form), weak=True)
    cast("Scope", request.scope)[FINGERPRINT] = fingerprint(wall)
    return response


async def compress(response: Response) -> Response:
    is_whole = isinstance(response.response, response.data_body_class)
    if response.mimetype not in COMPRESSED or response.status_code == 304 or not is_whole:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    body = await response.get_data(as_text=False)
    if len(body) >= WORTH_COMPRESSING and takes_brotli():
        response.set_data(ENCODINGS["br"][0](body))
        response.headers["Content-Encoding"] = "br"
    return response
