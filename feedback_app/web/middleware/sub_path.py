"""Serving below a sub-path, as in `FEEDBACK_BASE_URL=https://example.com/feedback`.

The prefix is removed from the request path, so the app sees paths from the root. Templates put `{{ root }}` before
their links, and redirects get the prefix here. Proxies may pass the prefix on or remove it.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from .asgi import App, ASGIMessage, Receive, Scope, Send, immediate_response

_ROOT: ContextVar[str] = ContextVar("root", default="")


def root() -> str:
    """The sub-path, such as `/feedback`; empty at the root of the host.

    A context variable: every task inherits it from a request or from the start of the app.
    """
    return _ROOT.get()


class SubPathMiddleware:
    """Removes the sub-path from request paths and adds it to redirects."""

    def __init__(self, app: App, root: str) -> None:
        """`root` begins with a slash and ends without one."""
        self.app, self._root = app, root

    def immediate_response(self, scope: Scope) -> Any:
        return immediate_response(self.app, self._inside(scope))

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
        # `raw_path` has no query, and the prefix has no characters that could be percent-encoded.
        raw = scope.get("raw_path") or b""
        raw = raw.removeprefix(self._root.encode()) or b"/"
        return {**scope, "path": path.removeprefix(self._root) or "/", "raw_path": raw}

    def _outside(self, headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
        """The response headers, with the prefix added to a redirect to one of our own paths."""
        root = self._root.encode()
        for name, value in headers:
            is_inside = name.lower() == b"location" and value.startswith(b"/") and not value.startswith(root + b"/")
            yield (name, root + value) if is_inside else (name, value)
