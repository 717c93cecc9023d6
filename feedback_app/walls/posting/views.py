"""The route that receives posts, and its responses: stored, invalid, rate limited, refused."""

from typing import cast

from markupsafe import Markup
from quart import Response, abort, g, request
from werkzeug.datastructures import MultiDict

from ...antispam.form_checks import EXPIRED
from ...models import Wall
from ...text.cleaning import InvalidText
from ...text.messages import Message
from ...text.translation import translate
from ...web.forms import read_form
from ...web.middleware.access_log import decided
from ...web.middleware.asgi import Scope
from ...web.middleware.scope_keys import SUBMITTED
from ...web.responses import wants_fragment
from ...web.state import database, state
from ...web.templates import render
from ..location import Location
from ..lookup import NO_WALL, find_wall, find_wall_cached
from ..page import wall_page
from ..views import feedback_views as views
from .form import Composer, ValidPost
from .store import Reason, Refused
from .submit import PostResponse

CLOSED = Message("This wall takes nothing new at the moment. Your words were not stored: copy them if you need them.")
BLOCKED = Message("You cannot write on this wall for now. Your words were not stored: copy them if you need them.")
REFUSALS = {Reason.NO_WALL: (404, NO_WALL), Reason.CLOSED: (403, CLOSED), Reason.BLOCKED: (403, BLOCKED)}


@views.post("/walls/<slug>/feedback")
async def write(slug: str) -> Response:
    """Store one entry per form, however often it arrives (idempotency key)."""
    fields = await read_form()
    wall = await find_wall_cached(slug)
    place = Location.of_form(wall.slug, request.args)

    try:
        filled = ValidPost.of(fields, wall)
    except InvalidText:
        return await _again(place, fields, 422)
    if spam_reason := state().submissions.spam_reason(filled, wall):
        decided(request.scope, "outdated" if spam_reason is EXPIRED else "trapped")
        return await _again(place, fields, 422, spam_reason)

    result = await _submit(filled, wall, place)
    decided(request.scope, result.outcome)
    if isinstance(result, Refused):
        return await _refuse(result, place, fields)
    return Response(result.body, result.status, result.headers)


async def _submit(filled: ValidPost, wall: Wall, place: Location) -> PostResponse | Refused:
    """The result of this post; if the fast path has tried it, that result or exception."""
    tried: Refused | Exception | None = cast("Scope", request.scope).get(SUBMITTED)
    if isinstance(tried, Exception):
        raise tried
    address = request.remote_addr or ""
    return tried or await state().submissions.submit(filled, wall, address, place, to_htmx=wants_fragment())


async def _refuse(refused: Refused, place: Location, fields: MultiDict[str, str]) -> Response:
    if not refused.retry_after:
        abort(*REFUSALS[refused.reason])
    answer = await _again(place, fields, 429, _patience(refused))
    answer.headers["Retry-After"] = str(refused.retry_after)
    return answer


async def _again(place: Location, fields: MultiDict[str, str], status: int, notice: str = "") -> Response:
    """The form with the visitor's text and the errors; htmx gets only a notice when no field is invalid."""
    if wants_fragment() and status != 422:
        return Response(render("errors/_notice.html", wall=g.wall, sentence=notice), status)
    async with database().reading() as session:
        wall = await find_wall(place.slug, session)
        form = Composer.on(wall, fields)
        form.validate()
        if wants_fragment():
            values = state().submissions.composer(wall, form, notice)
            html = render("walls/feedback/_composer.html", wall=wall, location=place, thanks=None, **values)
        else:
            html = await wall_page(wall, place, session, form=form, notice=notice)
    return Response(html, status)


def _patience(refused: Refused) -> Message:
    """The message with the time until the next post, which a script counts down."""
    over = translate(Message("You can post again now."), g.wall.language)
    count_down = '<count-down role="timer" seconds="%s" data-over="%s">%s</count-down>'
    time = Markup(count_down) % (refused.retry_after, over, _clock(refused.retry_after))  # noqa: S704 - Its values are escaped.
    if refused.reason is Reason.SLOW_MODE:
        return Message("You can post again in %(time)s. We kept your text.", time=time)
    if refused.reason is Reason.CROWDED:
        return Message(
            "Very many posts are arriving from your network. We kept your text: try again in %(time)s.", time=time
        )
    return Message("You're posting quickly. We kept your text: try again in %(time)s.", time=time)


def _clock(seconds: int) -> str:
    """A countdown such as 0:05, 4:32 or 1:00:00."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
