"""Whether the process is alive, and whether it can do its work."""

from quart import Blueprint, Response

from ..web.state import state

views = Blueprint("health", __name__)

NEVER_KEPT = {"Cache-Control": "no-store"}


@views.get("/healthz")
async def alive() -> Response:
    """Asks nothing of the database, so that a fault there does not make a supervisor restart us in vain."""
    return Response("alive\n", mimetype="text/plain", headers=NEVER_KEPT)


@views.get("/readyz")
async def ready() -> Response:
    """For load balancers: 503 with one word for each check that failed, since strangers may ask too."""
    if faults := await state().readiness.faults():
        return Response("\n".join(faults) + "\n", 503, mimetype="text/plain", headers=NEVER_KEPT)
    return Response("ready\n", mimetype="text/plain", headers=NEVER_KEPT)
