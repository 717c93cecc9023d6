"""Request body limit: at most 128 KiB within 10 seconds, also for chunked bodies.

Quart 0.23 reads a chunked body to its end regardless of the limit, so a larger one must not reach it.
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
    """Reads the whole body before calling the app. A refused request reaches the app without its body.

    The app finds `(status, message)` in `scope["feedback.refused"]` and responds with it. Afterwards the rest of the
    body is read and discarded for up to 10 seconds: closing the connection during an upload would lose the response.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body = Body(receive, _most(scope))
        refusal = _fault_of_head(scope) or await body.read()
        if body.is_abandoned:
            return None
        if refusal is None:
            return await self.app(scope, again(_request_message(body.content), receive), send)
        finished = asyncio.Event()
        refused = {**scope, REFUSED: refusal}
        receive_nothing = again(_request_message(b""), _disconnect_after(finished))
        return await self.app(refused, receive_nothing, _drain_before_end(body, send, finished))


def _most(scope: Scope) -> int:
    return MOST_BYTES if scope["method"] == "POST" else 0


def _fault_of_head(scope: Scope) -> tuple[int, str] | None:
    """What is wrong with the request, judged by its path and headers."""
    if "\0" in scope["path"]:  # PostgreSQL raises an error for a NUL in a parameter.
        return NOWHERE
    lengths = {value for name, value in scope["headers"] if name == b"content-length"}
    is_chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    if len(lengths) > 1 or any(not value.isdigit() for value in lengths) or (lengths and is_chunked):
        return MALFORMED
    if lengths and (len(*lengths) > 12 or int(*lengths) > _most(scope)):
        return TOO_LARGE if scope["method"] == "POST" else UNEXPECTED
    return None


class Body:
    """A request body, read up to `most` bytes. `is_abandoned` when the client disconnected."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.content = b""
        self.is_abandoned = False
        self._receive, self._most = receive, most
        self._is_complete = False

    async def read(self) -> tuple[int, str] | None:
        """Read into `content`. Returns (status, message) when it is too large or too slow, else None."""
        try:
            async with asyncio.timeout(SECONDS):
                while not self._is_complete:
                    self.content += await self._next()
                    if len(self.content) > self._most:
                        return TOO_LARGE if self._most else UNEXPECTED
        except TimeoutError:
            return TOO_SLOW
        return None

    async def drain(self) -> None:
        """Read and discard the rest, for up to 10 seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while not self._is_complete:
                    await self._next()

    async def _next(self) -> bytes:
        message = await self._receive()
        self.is_abandoned = message["type"] == "http.disconnect"
        self._is_complete = not message.get("more_body", False)
        return bytes(message.get("body", b""))


def _request_message(body: bytes) -> ASGIMessage:
    return {"type": "http.request", "body": body, "more_body": False}


def _disconnect_after(finished: asyncio.Event) -> Receive:
    """A `receive` that reports a disconnect once the response is sent; the rest of the body is not for the app."""

    async def disconnect() -> ASGIMessage:
        await finished.wait()
        return {"type": "http.disconnect"}

    return disconnect


def _drain_before_end(body: Body, send: Send, finished: asyncio.Event) -> Send:
    """A `send` that drains the request body before the last message, and then closes the connection."""

    async def send_and_drain(message: ASGIMessage) -> None:
        if message["type"] == "http.response.start":
            headers = [header for header in message["headers"] if header[0].lower() != b"connection"]
            await send({**message, "headers": [*headers, (b"connection", b"close")]})
            return
        if message.get("more_body", False):
            await send(message)
            return
        await send({**message, "more_body": True})
        await body.drain()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        finished.set()

    return send_and_drain


def refusal_of(scope: Any) -> tuple[int, str] | None:
    """The status and message with which to refuse this request, None for a good one."""
    found: tuple[int, str] | None = scope.get(REFUSED)
    return found
