"""ASGI types (https://asgi.readthedocs.io) and small helpers for middleware."""

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
    """The middleware of this class around the app. Raises LookupError when there is none."""
    layer: Any = app.asgi_app
    while layer is not None:
        if isinstance(layer, kind):
            return layer
        layer = getattr(layer, "app", None)
    raise LookupError(kind)


def immediate_response(app: App, scope: Scope) -> Any:
    """The RawResponse that the app can give without waiting, None when it must be called.

    This is an extension of our own middleware, not part of ASGI.
    """
    method = getattr(app, "immediate_response", None)
    return None if method is None else method(scope)


def again(message: ASGIMessage, receive: Receive) -> Receive:
    """A `receive` that first repeats this message, which was already received, and then goes on."""
    is_replayed = False

    async def replay() -> ASGIMessage:
        nonlocal is_replayed
        if is_replayed:
            return await receive()
        is_replayed = True
        return message

    return replay
