"""A complete response in bytes, and compression: what the page cache and the post fast path send."""

import gzip
from collections.abc import Callable, Iterable
from typing import NamedTuple

import brotli

from .access_log import answered, name
from .asgi import ASGIMessage, Scope, Send
from .scope_keys import WRITE_RESPONSE

Header = tuple[bytes, bytes]
WORTH_COMPRESSING = 600
# By encoding: a fast compressor for a new page, and the best one for a page that stays in the cache.
ENCODINGS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "br": (lambda body: brotli.compress(body, quality=1), lambda body: brotli.compress(body, quality=11)),
    "gzip": (lambda body: gzip.compress(body, 6, mtime=0), lambda body: gzip.compress(body, 9, mtime=0)),
}


class RawResponse(NamedTuple):
    """A response as ASGI messages, and `framed`: the bytes that follow the status line and the server's own headers.

    `route` is the name for the log.
    """

    route: str
    start: ASGIMessage
    body: ASGIMessage
    framed: bytes

    @classmethod
    def of(cls, route: str, status: int, headers: Iterable[Header], body: bytes = b"") -> "RawResponse":
        """A response from its parts; header names are lower-case bytes."""
        fields = list(headers)
        start = {"type": "http.response.start", "status": status, "headers": fields}
        framed = b"".join(b"%b: %b\r\n" % header for header in fields) + b"\r\n" + body
        return cls(route, start, {"type": "http.response.body", "body": body, "more_body": False}, framed)

    @property
    def status(self) -> int:
        return int(self.start["status"])

    @property
    def size(self) -> int:
        return len(self.body["body"])

    async def give(self, scope: Scope, send: Send) -> None:
        """Send it: directly to the connection if our server offers that, else as ASGI messages."""
        name(scope, self.route)
        put = (scope.get("extensions") or {}).get(WRITE_RESPONSE) if scope["method"] != "HEAD" else None
        if put is not None and put(self.status, self.framed):
            answered(scope, self.status, self.size)
        else:
            await send(self.start)
            await send(self.body)
