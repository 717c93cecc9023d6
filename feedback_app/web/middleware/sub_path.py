"""Walls below a path of their host, as `FEEDBACK_BASE_URL=https://example.com/feedback` asks for.

Inside, every address begins at the root: the path is taken off a request before anybody looks at it. Templates put it
before their links by `{{ root }}`, and redirects get it here. Proxies may pass the path on or take it off.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from .asgi import App, ASGIMessage, Receive, Scope, Send, at_once

_ROOT: ContextVar[str] = ContextVar("root", default="")


def root() -> str:
    """The path below which everything lives, such as `/feedback`; empty at the root of the host.

    It is known in every task of an app, since each begins with a request or with the start of the app.
    """
    return _ROOT.get()


class SubPathMiddleware:
    def __init__(self, app: App, root: str) -> None:
        """`root` begins with a slash and ends without one."""
        self.app, self._root = app, root

    def at_once(self, scope: Scope) -> Any:
        return at_once(self.app, self._inside(scope))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _ROOT.set(self._root)
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def send_below(message: ASGIMessage) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*self._outside(message["headers"])]
            await send(message)

        return await self.app(self._inside(scope), receive, send_below)

    def _inside(self, scope: Scope) -> Scope:
        path = scope["path"]
        if path != self._root and not path.startswith(f"{self._root}/"):
            return scope
        # `raw_path` has no query, and a path of ours nothing that is written in two ways.
        raw = scope.get("raw_path") or b""
        raw = raw.removeprefix(self._root.encode()) or b"/"
        return {**scope, "path": path.removeprefix(self._root) or "/", "raw_path": raw}

    def _outside(self, headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
        """A redirect to one of our own addresses leads below the path."""
        root = self._root.encode()
        for name, value in headers:
            is_inside = name.lower() == b"location" and value.startswith(b"/") and not value.startswith(root + b"/")
            yield (name, root + value) if is_inside else (name, value)
