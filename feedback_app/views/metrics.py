"""The numbers for Prometheus, for a collector on this machine or one that knows the token."""

import asyncio
import hmac

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from quart import Blueprint, Response, abort, current_app, request

from ..authors import parsed_address
from ..metrics import exposition

views = Blueprint("metrics", __name__)

FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")


@views.get("/metrics")
async def show() -> Response:
    """For everybody else there is nothing at this address."""
    if not (_has_token() or _is_from_this_machine()):
        abort(404)
    numbers = await asyncio.to_thread(exposition)
    return Response(numbers, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def _has_token() -> bool:
    token = current_app.extensions["settings"].metrics_token
    shown = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())


def _is_from_this_machine() -> bool:
    """Whether the other end is here and speaks for itself: what a proxy hands on comes from here, too."""
    if any(header in request.headers for header in FORWARDING):
        return False
    address = parsed_address(request.remote_addr or "")
    return address is not None and address.is_loopback
