"""Reverse proxies: the client's address from `X-Forwarded-For`, and warnings when the settings do not fit."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from quart import Quart, Response, request

from ...config import PREFIX, Settings
from ..state import state_of
from .asgi import App, Receive, Scope, Send, immediate_response
from .network import parsed_address

logger = logging.getLogger(__name__)
# What proxies add to a request, and browsers do not.
FORWARDING = (
    "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Real-Ip", "Via",
    "X-Client-Ip", "X-Cluster-Client-Ip", "X-Envoy-External-Address", "CF-Connecting-IP", "True-Client-IP",
    "Fastly-Client-IP", "Fly-Client-IP",
)  # fmt: skip
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def init_app(app: Quart) -> None:
    settings = state_of(app).settings
    if not settings.trusted_proxies:
        unexpected = UnexpectedProxyWarning(settings)
        app.before_request(unexpected.notice)
        app.after_request(unexpected.notice_refusal)


class ProxyHeadersMiddleware:
    """Puts the visitor's address and scheme into the scope, from the headers of the trusted proxies.

    Each proxy appends the address it saw to `X-Forwarded-For`. With two proxies, the second value from the right is the
    visitor, and everything to its left may be forged. Only peers in the proxies' networks count as proxies.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.trusted, networks = app, settings.trusted_proxies, settings.networks
        self._has_warned_of_peer = self._has_warned_of_missing = False
        self._is_proxy = lru_cache(maxsize=1024)(lambda peer: is_within(peer, networks))

    def immediate_response(self, scope: Scope) -> Any:
        return immediate_response(self.app, self._with_client(scope))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(self._with_client(scope) if scope["type"] == "http" else scope, receive, send)

    def _with_client(self, scope: Scope) -> Scope:
        peer = scope["client"]
        # A Unix socket has no address, and is on this machine.
        if peer is not None and not self._is_proxy(peer[0]):
            self._warn_untrusted_peer(scope)
            return scope
        address = self._forwarded(scope, b"x-forwarded-for")
        scheme = self._forwarded(scope, b"x-forwarded-proto", nearest=True)
        has_address = parsed_address(address) is not None
        # Health checks and metrics collectors send no such header, but they do not post.
        if not has_address and not self._has_warned_of_missing and scope["method"] == "POST":
            self._warn_missing_header()
        return {
            **scope,
            "client": (address, 0) if has_address else scope["client"],
            "scheme": scheme if scheme in ("http", "https") else scope["scheme"],
        }

    def _warn_untrusted_peer(self, scope: Scope) -> None:
        if not self._has_warned_of_peer and any(name == b"x-forwarded-for" for name, _ in scope["headers"]):
            self._has_warned_of_peer = True
            logger.warning(
                "A request with X-Forwarded-For came from outside of %sPROXY_NETWORKS, so the header is ignored. "
                "If your proxy sent it, add the proxy's network to that setting.", PREFIX,
            )  # fmt: skip

    def _warn_missing_header(self) -> None:
        self._has_warned_of_missing = True
        logger.warning(
            "A form came without the X-Forwarded-For of %s trusted proxies: all who send one so count as one author. "
            "Let each proxy add that header, and set %sTRUSTED_PROXIES to the number of proxies.", self.trusted, PREFIX,
        )  # fmt: skip

    def _forwarded(self, scope: Scope, header: bytes, *, nearest: bool = False) -> str:
        """The value that the outermost trusted proxy added; with `nearest`, at least that of the nearest one."""
        values = b",".join(value for name, value in scope["headers"] if name == header).decode("latin-1").split(",")
        if len(values) < self.trusted:
            return values[-1].strip() if nearest else ""
        return values[-self.trusted].strip()


class UnexpectedProxyWarning:
    """Warns once about a proxy that no setting names: all visitors behind it count as one author."""

    def __init__(self, settings: Settings) -> None:
        self._networks = settings.networks
        self._has_warned = False

    async def notice(self) -> None:
        """Look for headers that proxies add."""
        peer = request.scope["client"]
        # From elsewhere, the header is made up.
        if not self._has_warned and is_forwarded() and (peer is None or is_within(peer[0], self._networks)):
            self._warn("A request came through a proxy")

    async def notice_refusal(self, response: Response) -> Response:
        """Look for a proxy that adds no header: then all visitors seem to be on this machine."""
        if not self._has_warned and response.status_code == 429:
            peer = request.scope["client"]
            if peer is None or is_within(peer[0], LOOPBACK):
                self._warn("A post from this machine exceeded the rate limit, and may have come through a proxy")
        return response

    def _warn(self, what: str) -> None:
        self._has_warned = True
        logger.warning(
            "%s, and no proxy is trusted: all who come through one count as one author. Set %sTRUSTED_PROXIES to the "
            "number of proxies in front, and %sBASE_URL to the public address.", what, PREFIX, PREFIX,
        )  # fmt: skip


def is_forwarded() -> bool:
    """Whether the current request has a header that proxies add."""
    return any(header in request.headers for header in FORWARDING)


def is_within(peer: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether an IP address is in one of these networks; False when it cannot be parsed."""
    address = parsed_address(peer.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and any(address in network for network in networks)
