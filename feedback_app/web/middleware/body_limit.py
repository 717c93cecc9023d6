"""The body guard, outermost of all: no request brings more than it may, by whatever framing and however slowly.

Quart 0.23 reads a chunked body to its end whatever the limit, so nothing that is too large may reach it.
"""

import asyncio
from contextlib import suppress
from typing import Any

from ...text.messages import Message
from .asgi import App, ASGIMessage, Receive, Scope, Send, again

MOST_BYTES = 128 * 1024
SECONDS = 10
REFUSED = "feedback.refused"

TOO_LARGE = (413, Message("This is more than the wall takes at once (128 KiB). Shorten it and send it again."))
TOO_SLOW = (408, Message("The form did not arrive in time, so nothing was stored. Go back and send it again."))
UNEXPECTED = (413, Message("A request to read a page brings nothing along. Open the address in a browser."))
NOWHERE = (404, Message("There is nothing at this address. It may have been taken back, or the link is incomplete."))
MALFORMED = (400, Message("This request is not well formed, so nothing was stored."))


class BodyLimitMiddleware:
    """Reads the whole body before the app sees the request. What is refused reaches the app without its body.

    The app finds (status, sentence) in `scope["feedback.refused"]` and answers with that. The rest of a refused body
    is then read and thrown away for a while, since a connection that is closed under somebody who still sends loses
    the answer.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body = Body(receive, _most(scope))
        refusal = _fault_of_head(scope) or await body.take()
        if body.is_abandoned:
            return None
        if refusal is None:
            return await self.app(scope, again(_whole(body.content), receive), send)
        ended = asyncio.Event()
        refused = {**scope, REFUSED: refusal}
        return await self.app(refused, again(_whole(b""), _gone_after(ended)), _linger(body, send, ended))


def _most(scope: Scope) -> int:
    return MOST_BYTES if scope["method"] == "POST" else 0


def _fault_of_head(scope: Scope) -> tuple[int, str] | None:
    """What the head alone gives away."""
    if "\0" in scope["path"]:  # Nothing of ours is called like that, and PostgreSQL does not even look.
        return NOWHERE
    lengths = {value for name, value in scope["headers"] if name == b"content-length"}
    is_chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    if len(lengths) > 1 or any(not value.isdigit() for value in lengths) or (lengths and is_chunked):
        return MALFORMED
    if lengths and (len(*lengths) > 12 or int(*lengths) > _most(scope)):
        return TOO_LARGE if scope["method"] == "POST" else UNEXPECTED
    return None


class Body:
    """What arrives with a request, read to its end or to what is too much of it."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.content = b""
        self.is_abandoned = False
        self._receive, self._most = receive, most
        self._is_whole = False

    async def take(self) -> tuple[int, str] | None:
        """Read it; gives what is wrong with it."""
        try:
            async with asyncio.timeout(SECONDS):
                while not self._is_whole:
                    self.content += await self._next()
                    if len(self.content) > self._most:
                        return TOO_LARGE if self._most else UNEXPECTED
        except TimeoutError:
            return TOO_SLOW
        return None

    async def throw_away(self) -> None:
        """Read the rest for nothing, for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while not self._is_whole:
                    await self._next()

    async def _next(self) -> bytes:
        message = await self._receive()
        self.is_abandoned = message["type"] == "http.disconnect"
        self._is_whole = not message.get("more_body", False)
        return bytes(message.get("body", b""))


def _whole(body: bytes) -> ASGIMessage:
    return {"type": "http.request", "body": body, "more_body": False}


def _gone_after(ended: asyncio.Event) -> Receive:
    """Nothing more comes to the app with a request that was refused, until the answer has left: the rest of its body is
    not the app's."""

    async def gone() -> ASGIMessage:
        await ended.wait()
        return {"type": "http.disconnect"}

    return gone


def _linger(body: Body, send: Send, ended: asyncio.Event) -> Send:
    async def linger(message: ASGIMessage) -> None:
        if message["type"] == "http.response.start":
            headers = [header for header in message["headers"] if header[0].lower() != b"connection"]
            await send({**message, "headers": [*headers, (b"connection", b"close")]})
            return
        if message.get("more_body", False):
            await send(message)
            return
        await send({**message, "more_body": True})
        await body.throw_away()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        ended.set()

    return linger


def refusal_of(scope: Any) -> tuple[int, str] | None:
    found: tuple[int, str] | None = scope.get(REFUSED)
    return found
