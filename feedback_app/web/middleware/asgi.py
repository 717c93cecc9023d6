"""The types of ASGI, the protocol between the server and us (https://asgi.readthedocs.io)."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from quart import Quart

Scope = MutableMapping[str, Any]
ASGIMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[ASGIMessage]]
Send = Callable[[ASGIMessage], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def wrap(app: Quart, layer: Callable[[App], App]) -> None:
    """Put a layer between the server and the app, outside of the layers that are there."""
    app.asgi_app = layer(cast("App", app.asgi_app))  # type: ignore[method-assign, assignment]


def at_once(app: App, scope: Scope) -> Any:
    """What the app answers to this request without waiting for anything, ready to be put on the line.

    None where it has to be called: most apps always have. It is an offer of our own layers, and not part of ASGI.
    """
    ready = getattr(app, "at_once", None)
    return None if ready is None else ready(scope)


def again(message: ASGIMessage, receive: Receive) -> Receive:
    """What was taken out already, once more for the next who asks, and then what comes after it."""
    told = False

    async def replay() -> ASGIMessage:
        nonlocal told
        if told:
            return await receive()
        told = True
        return message

    return replay
