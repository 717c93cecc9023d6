"""An answer that is whole before it leaves, and the shortest way for it to do that."""

import gzip
from collections.abc import Callable, Iterable
from typing import NamedTuple

import brotli

from .access_log import answered, name
from .asgi import ASGIMessage, Scope, Send
from .scope_keys import WRITE_RESPONSE

Header = tuple[bytes, bytes]
WORTH_COMPRESSING = 600
# Each at its fast level, for the first who asks, and at its best, for the many who come while the page stays.
ENCODINGS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "br": (lambda body: brotli.compress(body, quality=1), lambda body: brotli.compress(body, quality=11)),
    "gzip": (lambda body: gzip.compress(body, 6, mtime=0), lambda body: gzip.compress(body, 9, mtime=0)),
}


class RawResponse(NamedTuple):
    """As ASGI has it, and as it goes down the line after the status line and what the server says in every answer.

    `route` is for the log.
    """

    route: str
    start: ASGIMessage
    body: ASGIMessage
    framed: bytes

    @classmethod
    def of(cls, route: str, status: int, headers: Iterable[Header], body: bytes = b"") -> "RawResponse":
        told = list(headers)
        start = {"type": "http.response.start", "status": status, "headers": told}
        framed = b"".join(b"%b: %b\r\n" % header for header in told) + b"\r\n" + body
        return cls(route, start, {"type": "http.response.body", "body": body, "more_body": False}, framed)

    @property
    def status(self) -> int:
        return int(self.start["status"])

    @property
    def size(self) -> int:
        return len(self.body["body"])

    async def give(self, scope: Scope, send: Send) -> None:
        name(scope, self.route)
        put = (scope.get("extensions") or {}).get(WRITE_RESPONSE) if scope["method"] != "HEAD" else None
        if put is not None and put(self.status, self.framed):
            answered(scope, self.status, self.size)
        else:
            await send(self.start)
            await send(self.body)
