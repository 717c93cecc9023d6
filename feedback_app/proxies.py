"""Proxies in front: whom to believe about where a request comes from."""

from typing import Any

from .asgi import App, Receive, Scope, Send, at_once
from .authors import parsed_address


class Proxies:
    """Puts the visitor's address and scheme into the scope, from the headers that the trusted proxies added.

    Each proxy appends the address it saw to `X-Forwarded-For`, so that with two in front the second from the right
    is the visitor and everything to the left of it is hearsay.
    """

    def __init__(self, app: App, trusted: int) -> None:
        self.app, self.trusted = app, trusted

    def at_once(self, scope: Scope) -> Any:
        return at_once(self.app, self._believed(scope))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(self._believed(scope) if scope["type"] == "http" else scope, receive, send)

    def _believed(self, scope: Scope) -> Scope:
        address = self._told(scope, b"x-forwarded-for")
        scheme = self._told(scope, b"x-forwarded-proto", nearest=True)
        return {
            **scope,
            "client": (address, 0) if parsed_address(address) is not None else scope["client"],
            "scheme": scheme if scheme in ("http", "https") else scope["scheme"],
        }

    def _told(self, scope: Scope, header: bytes, *, nearest: bool = False) -> str:
        """What the outermost trusted proxy said, or with `nearest` at least what the nearest one did."""
        values = b",".join(value for name, value in scope["headers"] if name == header).decode("latin-1").split(",")
        if len(values) < self.trusted:
            return values[-1].strip() if nearest else ""
        return values[-self.trusted].strip()
