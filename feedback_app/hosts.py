"""Under which name we may be asked: with a public address configured, under that one only."""

from typing import Any
from urllib.parse import urlsplit

from .asgi import App, Receive, Scope, Send, at_once
from .config import USUAL_PORTS

# They are asked from inside, by supervisors, balancers and collectors, and name no address in their answers.
ANYWHERE = ("/healthz", "/readyz", "/metrics")
SENTENCE = b"This server is not known under the name in this address. Open the wall at its public address.\n"


class Hosts:
    """Answers 421 to a request for another host, without repeating what it said.

    Otherwise somebody could have us, or a cache in front of us, hand out pages whose links lead to them.
    """

    def __init__(self, app: App, base_url: str) -> None:
        self.app = app
        self._own = _names_of(base_url)

    def at_once(self, scope: Scope) -> Any:
        return at_once(self.app, scope) if self._is_ours(scope) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ANYWHERE or self._is_ours(scope):
            return await self.app(scope, receive, send)
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(SENTENCE)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 421, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else SENTENCE})
        return None

    def _is_ours(self, scope: Scope) -> bool:
        asked = [value.lower() for name, value in scope["headers"] if name == b"host"]
        return len(asked) == 1 and asked[0] in self._own


def _names_of(base_url: str) -> set[bytes]:
    """The host as a browser names it and, where its port is the usual one, with that too."""
    address = urlsplit(base_url)
    name = address.netloc.encode()
    return {name} if address.port else {name, b"%s:%d" % (name, USUAL_PORTS[address.scheme])}
