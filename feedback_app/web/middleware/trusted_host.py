"""Trusted host check: with a public URL configured, requests for any other `Host` are refused."""

import logging
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ...config import PREFIX, USUAL_PORTS, Settings
from .asgi import App, Receive, Scope, Send, immediate_response
from .network import parsed_address

# Health checks and metrics are requested from inside, under any name, and contain no URLs.
ANYWHERE = ("/healthz", "/readyz", "/metrics")
SENTENCE = b"This server is not known under the name in this address. Open the wall at its public address.\n"
UNREADABLE = b"This request does not say which host it is for, so nothing was stored.\n"
WELL_FORMED = re.compile(r"(?:[0-9a-z_](?:[0-9a-z._-]{0,252}[0-9a-z_])?\.?|\[[0-9a-f:.%]{2,60}\])(?::[0-9]{1,5})?")
MOST_LOGGED = 10
logger = logging.getLogger(__name__)


class TrustedHostMiddleware:
    """Responds 421 to a request for another host, and 400 when the host is missing or malformed.

    This prevents host header injection: an attacker could otherwise fill a cache with pages that link to their host.
    Without a public URL, any one well-formed name is accepted.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app = app
        self._own = _names_of(settings.base_url) if settings.base_url else None
        self._logged = set[str]()
        self._fault_of = lru_cache(maxsize=1024)(self._fault_of_name)

    def immediate_response(self, scope: Scope) -> Any:
        # Without a public URL, a cached page has passed the check below under this host before.
        is_trusted = self._own is None or self._fault(scope) is None
        return immediate_response(self.app, scope) if is_trusted else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ANYWHERE or (fault := self._fault(scope)) is None:
            return await self.app(scope, receive, send)
        status, sentence = fault
        if status == 421:
            self._log(scope)
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(sentence)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else sentence})
        return None

    def _fault(self, scope: Scope) -> tuple[int, bytes] | None:
        asked = [value for name, value in scope["headers"] if name == b"host"]
        if len(asked) != 1:
            return (400, UNREADABLE) if self._own is None else (421, SENTENCE)
        return self._fault_of(asked[0])

    def _fault_of_name(self, asked: bytes) -> tuple[int, bytes] | None:
        if self._own is not None:
            return None if asked.lower() in self._own else (421, SENTENCE)
        return (400, UNREADABLE) if name_in(asked) is None else None

    def _log(self, scope: Scope) -> None:
        """Log each name once, at most ten, so that an operator sees what a proxy passes on."""
        asked = next((value for name, value in scope["headers"] if name == b"host"), b"")
        host = asked.decode("latin-1").lower()
        name = host if WELL_FORMED.fullmatch(host) else "a malformed host"
        if name not in self._logged and len(self._logged) < MOST_LOGGED:
            self._logged.add(name)
            advice = f"Let the proxy pass the host on unchanged, or set {PREFIX}BASE_URL to the public address."
            logger.warning("A request asked for %s, which is not the name of this wall. %s", name, advice)


def _names_of(base_url: str) -> set[bytes]:
    """The host as browsers send it and, when it has the default port, also with that port."""
    address = urlsplit(base_url)
    name = address.netloc.encode()
    return {name} if address.port else {name, b"%s:%d" % (name, USUAL_PORTS[address.scheme])}


def name_in(host: bytes) -> str | None:
    """The name in a `Host` header, without its port; None when it is malformed."""
    text = host.decode("latin-1").lower()
    if not WELL_FORMED.fullmatch(text):
        return None
    return text.partition("]")[0][1:] if text.startswith("[") else text.partition(":")[0].rstrip(".")


def is_loopback(name: str) -> bool:
    """Whether this name or address means this machine only."""
    address = parsed_address(name)
    return name == "localhost" or name.endswith(".localhost") or (address is not None and address.is_loopback)
