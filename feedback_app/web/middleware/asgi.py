"""The types of ASGI, the protocol between the server and us (https://asgi.readthedocs.io)."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

from quart import Quart

Scope = MutableMapping[str, Any]
ASGIMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[ASGIMessage]]
Send = Callable[[ASGIMessage], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Layer = TypeVar("Layer")


def layer_of(app: Quart, kind: type[Layer]) -> Layer:
    """The layer of this kind around the app. Raises LookupError where there is none."""
    layer: Any = app.asgi_app
    while layer is not None:
        if isinstance(layer, kind):
            return layer
        layer = getattr(layer, "app", None)
    raise LookupError(kind)


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
