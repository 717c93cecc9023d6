"""Forgiving addresses: as people type them from a slide, as sentences leave them behind, and as other programs hand
them on, each led to the page that is meant. It is tried only where there is nothing else."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

import regex
from quart import current_app, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ..models import Wall
from ..models.former_address import slug_fault
from ..web.state import database
from .location import STREAM_ADDRESS as STREAM

LIST = "/walls"
# What may stand in such an address; all else in one is fixed, or too long to be typed.
_KNOWN = {"slug", "number"}
# Up to its last letter or digit; behind that come slashes, punctuation, marks for bold words, and what cannot be seen.
_STRAIGHT = regex.compile(r".*[\p{L}\p{N}]", regex.S)
# A number in a query, with what a sentence and other programs put around it.
_NUMBER = regex.compile(r"[\p{Z}\p{Cf}\"'*]*([0-9]{1,40})[^\p{L}\p{N}]*")
_NUMBERS = ("before",)
LONGEST = 200
_SLASHES = regex.compile(r"[/\\]+")


async def meant_address() -> str | None:
    """Where this request, for which there is nothing, was probably meant to go: a path of ours, with its query."""
    path, _, query = request.path.partition("?")  # It was a question mark that somebody encoded.
    if len(path) > LONGEST:
        return None
    straight = _STRAIGHT.match(_SLASHES.sub("/", path.partition("#")[0]))
    candidate = straight.group().lower() if straight else "/"
    if candidate == LIST:
        candidate = "/"
    asked = request.query_string.decode("latin-1")
    said = _straight_query(asked or quote(query, safe="=&"))
    values = _values_in(candidate) if (candidate, said) != (request.path, asked) else None
    if values is None or ("slug" in values and not await _is_there(values["slug"])):
        return None
    return quote(candidate) + (f"?{said}" if said else "")


def _straight_query(query: str) -> str:
    """With its numbers alone, where something was left beside them; all else stays as it is."""
    return "&".join(_straight_pair(each) for each in query.split("&")) if len(query) <= LONGEST else query


def _straight_pair(pair: str) -> str:
    name, _, value = unquote_plus(pair).partition("=")
    number = _NUMBER.fullmatch(value.partition("#")[0]) if name in _NUMBERS else None
    return f"{name}={int(number.group(1))}" if number else pair


def _values_in(path: str) -> Mapping[str, Any] | None:
    """What stands in the path where a wall or an entry is named, None if it is no address of ours."""
    if stream := STREAM.fullmatch(path):
        return {"slug": stream.group(1)}
    try:
        _, values = current_app.url_map.bind("").match(path, method=request.method)
    except HTTPException:
        return None
    return values if values.keys() <= _KNOWN else None


async def _is_there(slug: str) -> bool:
    if slug_fault(slug):
        return False
    try:
        async with database().reading() as session:
            wall = await session.scalar(Wall.named(slug)) or await session.scalar(Wall.formerly(slug))
    except (SQLAlchemyError, OSError):
        return False
    return wall is not None
