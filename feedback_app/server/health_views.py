"""The health checks `/healthz` (liveness) and `/readyz` (readiness)."""

from quart import Blueprint, Response

from ..web.state import state

views = Blueprint("health", __name__)

NO_STORE = {"Cache-Control": "no-store"}


@views.get("/healthz")
async def alive() -> Response:
    """Liveness, without the database: a restart of this process would not repair that."""
    return Response("alive\n", mimetype="text/plain", headers=NO_STORE)


@views.get("/readyz")
async def ready() -> Response:
    """Readiness for load balancers: 503 with a word per failed check. No details, since the address is public."""
    if faults := await state().readiness.faults():
        return Response("\n".join(faults) + "\n", 503, mimetype="text/plain", headers=NO_STORE)
    return Response("ready\n", mimetype="text/plain", headers=NO_STORE)
