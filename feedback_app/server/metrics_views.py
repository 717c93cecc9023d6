"""`/metrics` for Prometheus: open to a local collector, or to one with the token."""

import asyncio
import hmac

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from quart import Blueprint, Response, abort, request

from ..web.metrics import exposition
from ..web.middleware.proxy_headers import LOOPBACK, is_forwarded, is_within
from ..web.middleware.trusted_host import is_loopback, name_in
from ..web.state import database, state
from ..web.urls import parts_of

views = Blueprint("metrics", __name__)


@views.get("/metrics")
async def show() -> Response:
    """Everybody else gets 404."""
    if not (_has_token() or _is_local()):
        abort(404)
    numbers = await asyncio.to_thread(exposition, database().file)
    return Response(numbers, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def _has_token() -> bool:
    token = state().settings.metrics_token
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_local() -> bool:
    """Whether the client is on this machine and is no proxy.

    A configured proxy needs the token. An unknown one is recognised by its headers, by the host it asks for or, for
    nginx, by HTTP/1.0.
    """
    settings = state().settings
    if settings.trusted_proxies or (settings.base_url and not is_loopback(parts_of(settings.base_url).hostname or "")):
        return False
    name = name_in(request.headers.get("Host", "").encode("latin-1", "replace"))
    is_direct = name is not None and is_loopback(name) and request.http_version != "1.0" and not is_forwarded()
    return is_direct and is_within(request.remote_addr or "", LOOPBACK)
