"""Proxies in front: whom to believe about where a request comes from, and what to say when one was not expected."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from quart import Quart, Response, request

from ...config import PREFIX, Settings
from ..state import state_of
from .asgi import App, Receive, Scope, Send, at_once
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
    """Puts the visitor's address and scheme into the scope, from the headers that the trusted proxies added.

    Each proxy appends the address it saw to `X-Forwarded-For`, so that with two in front the second from the right
    is the visitor and everything to the left of it is hearsay. Who connects from outside of the proxies' networks is
    no proxy.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.trusted, networks = app, settings.trusted_proxies, settings.networks
        self._is_said = self._is_silence_said = False
        self._is_near = lru_cache(maxsize=1024)(lambda peer: is_within(peer, networks))

    def at_once(self, scope: Scope) -> Any:
        return at_once(self.app, self._believed(scope))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(self._believed(scope) if scope["type"] == "http" else scope, receive, send)

    def _believed(self, scope: Scope) -> Scope:
        peer = scope["client"]
        # A Unix socket has no address, and is on this machine.
        if peer is not None and not self._is_near(peer[0]):
            self._say_far(scope)
            return scope
        address = self._told(scope, b"x-forwarded-for")
        scheme = self._told(scope, b"x-forwarded-proto", nearest=True)
        is_said = parsed_address(address) is not None
        # Balancers and collectors ask for themselves, but they do not post.
        if not is_said and not self._is_silence_said and scope["method"] == "POST":
            self._say_silent()
        return {
            **scope,
            "client": (address, 0) if is_said else scope["client"],
            "scheme": scheme if scheme in ("http", "https") else scope["scheme"],
        }

    def _say_far(self, scope: Scope) -> None:
        if not self._is_said and any(name == b"x-forwarded-for" for name, _ in scope["headers"]):
            self._is_said = True
            logger.warning(
                "A request that carries X-Forwarded-For came from outside of %sPROXY_NETWORKS, so that is not "
                "believed. Where it is your proxy's, name its network there.", PREFIX,
            )  # fmt: skip

    def _say_silent(self) -> None:
        self._is_silence_said = True
        logger.warning(
            "A form came without the X-Forwarded-For of %s trusted proxies: all who send one so count as one author. "
            "Have each proxy add that header, and set %sTRUSTED_PROXIES to how many there are.", self.trusted, PREFIX,
        )  # fmt: skip

    def _told(self, scope: Scope, header: bytes, *, nearest: bool = False) -> str:
        """What the outermost trusted proxy said, or with `nearest` at least what the nearest one did."""
        values = b",".join(value for name, value in scope["headers"] if name == header).decode("latin-1").split(",")
        if len(values) < self.trusted:
            return values[-1].strip() if nearest else ""
        return values[-self.trusted].strip()


class UnexpectedProxyWarning:
    """Notices a proxy that no setting tells of, once: everybody who comes through it counts as one author."""

    def __init__(self, settings: Settings) -> None:
        self._networks = settings.networks
        self._is_said = False

    async def notice(self) -> None:
        peer = request.scope["client"]
        # Who is far away has made the header up.
        if not self._is_said and is_forwarded() and (peer is None or is_within(peer[0], self._networks)):
            self._say("A request came through a proxy")

    async def notice_refusal(self, response: Response) -> Response:
        """Some proxies add nothing: then everybody seems to be on this machine."""
        if not self._is_said and response.status_code == 429:
            peer = request.scope["client"]
            if peer is None or is_within(peer[0], LOOPBACK):
                self._say("A post from this machine was refused as one too many, which may have come through a proxy")
        return response

    def _say(self, what: str) -> None:
        self._is_said = True
        logger.warning(
            "%s, and no proxy is trusted: all who come through one count as one author. Set %sTRUSTED_PROXIES to the "
            "number of proxies in front, and %sBASE_URL to the public address.", what, PREFIX, PREFIX,
        )  # fmt: skip


def is_forwarded() -> bool:
    """Whether the request carries what proxies add."""
    return any(header in request.headers for header in FORWARDING)


def is_within(peer: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether a network address is in one of these networks."""
    address = parsed_address(peer.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and any(address in network for network in networks)
