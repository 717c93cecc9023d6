"""Error handlers: every error becomes a page, or a notice for htmx, with one sentence that a person can act on."""

import logging
import re

from quart import Quart, Response, abort, g, request
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from .accounts import sessions
from .accounts.sessions import staff_page
from .database import is_outage
from .models import Wall
from .text.cleaning import printable
from .text.messages import Message
from .text.translation import DEFAULT, first_of, translate
from .walls.choices import ANYBODY
from .walls.lookup import wall_of_request
from .walls.meant_address import meant_address
from .web.forms import read_form
from .web.metrics import DATABASE_ERRORS
from .web.middleware.access_log import described
from .web.middleware.body_limit import NOWHERE, refusal_of
from .web.problem_details import problem
from .web.responses import wants_fragment
from .web.security import SAFE_METHODS, allow_framing
from .web.state import database
from .web.templates import render

FRAME = re.compile(r"/walls/(?P<slug>.+)/(?P<page>frame|feedback)")
NOT_HERE = Message("This wall cannot be shown here.")

logger = logging.getLogger(__name__)

SENTENCES = {
    404: NOWHERE[1],
    405: Message("This address does not take that kind of request."),
    500: Message(
        "Something went wrong on our side. Your words were not stored: go back, and send them again in a moment."
    ),
    503: Message("The wall cannot reach its database right now. Go back, and try again in a moment."),
}
CONFLICT = Message("Somebody else has just changed the same thing. Go back, look at how it is now, and try again.")


def init_app(app: Quart) -> None:
    """Register the handlers."""
    app.before_request(abort_refused_body)
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(IntegrityError, handle_conflict)
    app.register_error_handler(SQLAlchemyError, handle_database_error)
    app.register_error_handler(OSError, handle_database_error)
    app.register_error_handler(Exception, handle_exception)


async def abort_refused_body() -> None:
    """Abort a request whose body `BodyLimitMiddleware` has refused."""
    if refusal := refusal_of(request.scope):
        abort(*refusal)


async def handle_http_error(error: HTTPException) -> Response:
    """For `abort(status, sentence)`, and for errors of Quart. A 404 may redirect to the address that was meant."""
    if error.code is not None and error.code < 400:
        return Response("", error.code, headers=dict(error.get_headers()))
    if error.code == 404 and (address := await meant_address()):
        # 308 makes browsers send the body again.
        return Response("", 301 if request.method in SAFE_METHODS else 308, headers={"Location": address})
    status = error.code or 500
    given = error.description or ""
    standard = type(error).description or ""
    sentence = SENTENCES.get(status, given) if given == standard else given
    answer = await _error_page(status, sentence)
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


async def handle_database_error(error: Exception) -> Response:
    """503. An outage is logged once, where it is first noticed."""
    DATABASE_ERRORS.inc()
    if not is_outage(error):
        logger.error("The database does not respond: %s", described(error))
    answer = await _error_page(503, SENTENCES[503])
    answer.headers["Retry-After"] = "5"
    return answer


async def handle_conflict(error: IntegrityError) -> Response:
    """409 for a unique constraint: two requests made the same change at the same moment."""
    logger.warning("Two changes conflict: %s", described(error))
    return await _error_page(409, CONFLICT)


async def handle_exception(error: Exception) -> Response:
    """500 for a bug, which is logged."""
    logger.error("A request failed.", exc_info=error)
    return await _error_page(500, SENTENCES[500])


async def _error_page(status: int, sentence: str) -> Response:
    """A page in the language and colours of the request's wall, which may be framed like that wall."""
    wall = g.get("wall") if status >= 500 else await _wall()
    if answer := problem(request.path, status, translate(sentence, wall.language if wall else DEFAULT)):
        return answer
    if wants_fragment():
        return Response(render("errors/_notice.html", wall=wall, sentence=sentence), status)
    if status < 500 and g.get("is_private") and await sessions.moderator():
        return await staff_page("moderation/error.html", status, sentence=sentence, typed=await _typed_words())
    slug = _slug_in_frame()
    if slug is not None:
        # Without a wall the page has nothing to protect from clickjacking.
        allow_framing(wall.frame_ancestors if wall is not None else ANYBODY)
        if wall is None and status == 404:
            sentence = NOT_HERE
    language = first_of(request.accept_languages.values()) if slug is not None and wall is None else None
    values = {"wall": wall, "slug": slug, "status": status, "sentence": sentence, "language": language}
    return Response(render("errors/error.html", typed=await _typed_words(), **values), status)


def _slug_in_frame() -> str | None:
    """The slug, if the request is for a wall's frame."""
    found = FRAME.fullmatch(request.path) if request.method in ("GET", "HEAD", "POST") else None
    if found is None or not (found["page"] == "frame" or request.args.get("view") == "frame"):
        return None
    return found["slug"]


async def _wall() -> Wall | None:
    """The wall of a visitor's page. A moderator's page must not reveal that another moderator's wall exists."""
    if g.get("is_private") or not request.path.startswith("/walls/") or not request.path.isprintable():
        return None
    try:
        async with database().reading() as session:
            return await wall_of_request(session)
    except (SQLAlchemyError, OSError):
        return None


async def _typed_words() -> dict[str, str]:
    """Name and text of a refused plain form, to show them in the error page."""
    if request.method != "POST" or refusal_of(request.scope):
        return {}
    try:
        form = await read_form()
    except HTTPException:
        return {}
    return {name: printable(form[name]) for name in ("name", "text") if form.get(name, "").strip()}
