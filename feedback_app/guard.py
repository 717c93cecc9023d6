"""The body guard, outermost of all: no request brings more than it may, by whatever framing and however slowly.

Quart 0.23 reads a chunked body to its end whatever the limit, so nothing that is too large may reach it.
"""

import asyncio
from typing import Any

from .asgi import App, Message, Receive, Scope, Send

MOST_BYTES = 128 * 1024
SECONDS = 10
REFUSED = "feedback.refused"

TOO_LARGE = (413, "This is more than the wall takes at once (128 KiB). Shorten it and send it again.")
TOO_SLOW = (408, "The form did not arrive in time, so nothing was stored. Go back and send it again.")
UNEXPECTED = (413, "A request to read a page brings nothing along. Open the address in a browser.")
MALFORMED = (400, "This request is not well formed, so nothing was stored.")


class BodyGuard:
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
        refusal = _fault_of_head(scope)
        body = b""
        if refusal is None:
            taken = await _take(receive, _most(scope))
            if taken is None:
                return None
            body, refusal = taken
        if refusal is None:
            return await self.app(scope, _replay(body, receive), send)
        scope = {**scope, REFUSED: refusal}
        return await self.app(scope, _replay(b"", receive), _linger(receive, send))


def _most(scope: Scope) -> int:
    return MOST_BYTES if scope["method"] == "POST" else 0


def _fault_of_head(scope: Scope) -> tuple[int, str] | None:
    """What the head alone gives away."""
    lengths = {value for name, value in scope["headers"] if name == b"content-length"}
    is_chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    if len(lengths) > 1 or any(not value.isdigit() for value in lengths) or (lengths and is_chunked):
        return MALFORMED
    if lengths and (len(*lengths) > 12 or int(*lengths) > _most(scope)):
        return TOO_LARGE if scope["method"] == "POST" else UNEXPECTED
    return None


async def _take(receive: Receive, most: int) -> tuple[bytes, tuple[int, str] | None] | None:
    """The body and what is wrong with it; None when the client has gone."""
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > most:
                    return b"", TOO_LARGE if most else UNEXPECTED
                if not message.get("more_body", False):
                    return bytes(body), None
    except TimeoutError:
        return b"", TOO_SLOW


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _linger(receive: Receive, send: Send) -> Send:
    async def linger(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [header for header in message["headers"] if header[0].lower() != b"connection"]
            await send({**message, "headers": [*headers, (b"connection", b"close")]})
            return
        if message.get("more_body", False):
            await send(message)
            return
        await send({**message, "more_body": True})
        try:
            async with asyncio.timeout(SECONDS):
                while (await receive()).get("more_body", False):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return linger


def refusal_of(scope: Any) -> tuple[int, str] | None:
    found: tuple[int, str] | None = scope.get(REFUSED)
    return found
