"""Correcting mistyped URLs: wrong case, doubled slashes, trailing punctuation. Tried only before a 404."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

import regex
from quart import current_app, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ..models.former_address import slug_fault
from ..web.state import database
from .location import STREAM_ADDRESS as STREAM
from .lookup import wall_by_slug

LIST = "/walls"
# The only variable parts that such a URL may have.
_KNOWN = {"slug", "number"}
# Everything up to the last letter or digit; what follows is slashes, punctuation, markup or invisible.
_UP_TO_LAST_LETTER = regex.compile(r".*[\p{L}\p{N}]", regex.S)
# A number in a query, surrounded by punctuation, spaces or invisible characters.
_NUMBER = regex.compile(r"[\p{Z}\p{Cf}\"'*]*([0-9]{1,40})[^\p{L}\p{N}]*")
_NUMBERS = ("before",)
LONGEST = 200
_SLASHES = regex.compile(r"[/\\]+")


async def meant_address() -> str | None:
    """The path and query that this request probably meant; None when there is no such page."""
    path, _, query = request.path.partition("?")  # A question mark in the path was percent-encoded.
    if len(path) > LONGEST:
        return None
    trimmed = _UP_TO_LAST_LETTER.match(_SLASHES.sub("/", path.partition("#")[0]))
    candidate = trimmed.group().lower() if trimmed else "/"
    if candidate == LIST:
        candidate = "/"
    original = request.query_string.decode("latin-1")
    corrected = _corrected_query(original or quote(query, safe="=&"))
    values = _values_in(candidate) if (candidate, corrected) != (request.path, original) else None
    if values is None or ("slug" in values and not await _wall_exists(values["slug"])):
        return None
    return quote(candidate) + (f"?{corrected}" if corrected else "")


def _corrected_query(query: str) -> str:
    """The query with its numbers stripped of what surrounds them; other parameters are unchanged."""
    return "&".join(_corrected_pair(each) for each in query.split("&")) if len(query) <= LONGEST else query


def _corrected_pair(pair: str) -> str:
    name, _, value = unquote_plus(pair).partition("=")
    number = _NUMBER.fullmatch(value.partition("#")[0]) if name in _NUMBERS else None
    return f"{name}={int(number.group(1))}" if number else pair


def _values_in(path: str) -> Mapping[str, Any] | None:
    """The `slug` and `number` in the path; None if it matches no route."""
    if stream := STREAM.fullmatch(path):
        return {"slug": stream.group(1)}
    try:
        _, values = current_app.url_map.bind("").match(path, method=request.method)
    except HTTPException:
        return None
    return values if values.keys() <= _KNOWN else None


async def _wall_exists(slug: str) -> bool:
    if slug_fault(slug):
        return False
    try:
        async with database().reading() as session:
            wall = await wall_by_slug(slug, session)
    except (SQLAlchemyError, OSError):
        return False
    return wall is not None
