"""The fast path for posts: an ordinary, valid form is stored and answered below Quart."""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Accept, MultiDict
from werkzeug.http import parse_accept_header

from ...config import Settings
from ...web.forms import URLENCODED, fields_of
from ...web.middleware.access_log import decided
from ...web.middleware.asgi import App, Receive, Scope, Send, again
from ...web.middleware.body_limit import refusal_of
from ...web.middleware.raw_response import ENCODINGS, WORTH_COMPRESSING, Header, RawResponse
from ...web.middleware.scope_keys import SUBMITTED
from ...web.security import CHANGING, headers, is_our_site, policy
from ..location import Location
from ..versions import VersionUnknown, WallVersions
from .form import ValidPost
from .store import Refused
from .submit import PostResponse, Submissions

# The route name in the log, the same as Quart's.
ROUTE = "feedback.write"
ADDRESS = re.compile(r"/walls/([a-z0-9-]{1,60})/feedback")
# The query parameters of our own forms; none of them is percent-encoded.
QUERY = re.compile(rb"(?:(?:view|theme|accent|form|limit)=[0-9A-Za-z]{1,20}(?:&(?!$)|$)){0,5}")
HOST = re.compile(rb"[0-9A-Za-z.\-:\[\]]{1,255}")
TYPES = (URLENCODED.encode(), f"{URLENCODED};charset=UTF-8".encode())
DOUBTFUL = frozenset((b"content-encoding", b"transfer-encoding", b"expect", b"upgrade", b"authorization"))
LONGEST_HEADER = 256


class PostFastPathMiddleware:
    """Passes every other form on to Quart unchanged, also one that is invalid or refused, which Quart explains.

    Both use the same code for validation (`form.py`) and storage (`submit.py`).
    """

    def __init__(self, app: App, wall_versions: WallVersions, submissions: Submissions, settings: Settings) -> None:
        self.app = app
        self._wall_versions, self._submissions = wall_versions, submissions
        said = {**headers(settings), "Content-Security-Policy": policy(), "Cache-Control": CHANGING}
        self._said = _encoded(said)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = dict(scope["headers"]) if scope["type"] == "http" and scope["method"] == "POST" else {}
        address = ADDRESS.fullmatch(scope["path"]) if told else None
        if address is None or not is_ordinary(scope, told):
            return await self.app(scope, receive, send)
        form = await receive()  # The complete body, since BodyLimitMiddleware has read it.
        thanks = await self._submit(address.group(1), form["body"], scope, to_htmx=told.get(b"hx-request") == b"true")
        if thanks is None:
            return await self.app(scope, again(form, receive), send)
        decided(scope, thanks.outcome)
        return await self._answer(thanks, told.get(b"accept-encoding", b"")).give(scope, send)

    async def _submit(self, slug: str, body: bytes, scope: Scope, *, to_htmx: bool) -> PostResponse | None:
        try:
            wall = await self._wall_versions.wall(slug)
            filled = ValidPost.of(fields_of(body), wall) if wall is not None else None
        except (VersionUnknown, ValueError):
            return None
        if wall is None or filled is None or self._submissions.spam_reason(filled, wall):
            return None
        place = _place(slug, scope["query_string"])
        result: PostResponse | Refused | Exception
        try:
            result = await self._submissions.submit(filled, wall, scope["client"][0], place, to_htmx=to_htmx)
        except Exception as fault:  # Quart responds to it, whatever it is.
            result = fault
        if isinstance(result, PostResponse):
            return result
        scope[SUBMITTED] = result
        return None

    def _answer(self, thanks: PostResponse, accepted: bytes) -> RawResponse:
        body, encoding = thanks.body.encode(), list[Header]()
        if len(body) >= WORTH_COMPRESSING and _takes_brotli(accepted):
            body, encoding = ENCODINGS["br"][0](body), [(b"content-encoding", b"br")]
        about = {**thanks.headers, "Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
        varies = (b"vary", b"Accept-Encoding")
        return RawResponse.of(ROUTE, thanks.status, [*_encoded(about), varies, *encoding, *self._said], body)


def is_ordinary(scope: Scope, told: dict[bytes, bytes]) -> bool:
    """Whether this is the request that a browser sends from one of our own pages."""
    return (
        len(told) == len(scope["headers"])
        and told.get(b"content-type") in TYPES
        and is_our_site(told.get(b"sec-fetch-site", b"").decode("latin-1"))
        and DOUBTFUL.isdisjoint(told)
        and len(told.get(b"accept-encoding", b"")) <= LONGEST_HEADER
        and HOST.fullmatch(told.get(b"host", b"")) is not None
        and QUERY.fullmatch(scope["query_string"]) is not None
        and scope.get("client") is not None
        and not scope.get("root_path")
        and refusal_of(scope) is None
    )


@lru_cache(maxsize=512)
def _place(slug: str, query: bytes) -> Location:
    return Location.of_form(slug, MultiDict(parse_qsl(query.decode())))


@lru_cache(maxsize=512)
def _takes_brotli(accepted: bytes) -> bool:
    return bool(parse_accept_header(accepted.decode("latin-1"), Accept).quality("br") > 0)


def _encoded(said: dict[str, Any]) -> list[Header]:
    return [(each.lower().encode(), value.encode()) for each, value in said.items()]
