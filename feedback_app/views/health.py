"""Whether the process is alive."""

from quart import Blueprint, Response

views = Blueprint("health", __name__)


@views.get("/healthz")
async def alive() -> Response:
    """Asks nothing of the database, so that a fault there does not make a supervisor restart us in vain."""
    return Response("alive\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})
