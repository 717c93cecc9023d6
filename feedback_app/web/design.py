"""`/design`: every component in every state, in light and in dark, for those who change the surface."""

from quart import Blueprint, Response, abort

from .state import state
from .templates import render

views = Blueprint("design", __name__)


@views.get("/design")
async def show() -> Response:
    """The page, during development only. Aborts with 404 otherwise."""
    if not state().settings.development:
        abort(404)
    return Response(render("design/show.html"), mimetype="text/html")
