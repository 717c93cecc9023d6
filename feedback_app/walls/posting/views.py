"""Posting: the form of a wall, as Quart answers it."""

from typing import cast

from markupsafe import Markup
from quart import Response, abort, g, request
from werkzeug.datastructures import MultiDict

from ...models import Wall
from ...text.cleaning import InvalidText
from ...text.messages import Message
from ...text.translation import translate
from ...web.forms import read_form
from ...web.middleware.access_log import decided
from ...web.middleware.asgi import Scope
from ...web.responses import wants_fragment
from ...web.state import database, state
from ...web.templates import render
from ..location import Location
from ..lookup import NO_WALL, find_arranged, find_wall
from ..page import wall_page
from ..views import feedback_views as views
from .form import Composer, ValidPost
from .store import Blocked, Closed, Crowded, NoWall, Refusal, SlowMode, TooOften
from .submit import EXPIRED, OUTCOME, PostResponse

CLOSED = Message("This wall takes nothing new at the moment. Your words were not stored: copy them if you need them.")
BLOCKED = Message("You cannot write on this wall for now. Your words were not stored: copy them if you need them.")
REFUSALS: dict[type[Refusal], tuple[int, Message]] = {
    NoWall: (404, NO_WALL),
    Closed: (403, CLOSED),
    Blocked: (403, BLOCKED),
}


@views.post("/walls/<slug>/feedback")
async def write(slug: str) -> Response:
    """One entry for one form, however often it arrives."""
    fields = await read_form()
    wall = await find_arranged(slug)
    place = Location.of_form(wall.slug, request.args)

    try:
        filled = ValidPost.of(fields, wall)
    except InvalidText:
        return await _again(place, fields, 422)
    if spam_reason := state().submissions.spam_reason(filled, wall):
        decided(request.scope, "outdated" if spam_reason is EXPIRED else "trapped")
        return await _again(place, fields, 422, spam_reason)

    try:
        thanks = await _taken_in(filled, wall, place)
    except Refusal as refusal:
        decided(request.scope, refusal.outcome)
        return await _refuse(refusal, place, fields)

    decided(request.scope, thanks.outcome)
    return Response(thanks.body, thanks.status, thanks.headers)


async def _taken_in(filled: ValidPost, wall: Wall, place: Location) -> PostResponse:
    """What the letterbox has tried in vain is not tried once more."""
    if tried := cast("Scope", request.scope).get(OUTCOME):
        raise tried
    return await state().submissions.submit(filled, wall, request.remote_addr or "", place, to_htmx=wants_fragment())


async def _refuse(refusal: Refusal, place: Location, fields: MultiDict[str, str]) -> Response:
    if not isinstance(refusal, TooOften):
        abort(*REFUSALS[type(refusal)])
    answer = await _again(place, fields, 429, _patience(refusal))
    answer.headers["Retry-After"] = str(refusal.seconds)
    return answer


async def _again(place: Location, fields: MultiDict[str, str], status: int, notice: str = "") -> Response:
    """The form as it was sent, with what is wrong; htmx keeps the form it has where nothing is wrong with a field."""
    if wants_fragment() and status != 422:
        return Response(render("errors/_notice.html", wall=g.wall, sentence=notice), status)
    async with database().reading() as session:
        wall = await find_wall(place.slug, session)
        form = Composer.on(wall, fields)
        form.validate()
        if wants_fragment():
            values = state().submissions.composer(wall, form, notice)
            html = render("feedback/_composer.html", wall=wall, place=place, thanks=None, **values)
        else:
            html = await wall_page(wall, place, session, form=form, notice=notice)
    return Response(html, status)


def _patience(often: TooOften) -> Message:
    """When one may post again; the page's script counts it down."""
    over = translate(Message("You can post again now."), g.wall.language)
    count_down = '<count-down role="timer" seconds="%s" data-over="%s">%s</count-down>'
    time = Markup(count_down) % (often.seconds, over, _clock(often.seconds))  # noqa: S704 - Its values are escaped.
    if isinstance(often, SlowMode):
        return Message("You can post again in %(time)s. We kept your text.", time=time)
    if isinstance(often, Crowded):
        return Message(
            "Very many posts are arriving from your network. We kept your text: try again in %(time)s.", time=time
        )
    return Message("You're posting quickly. We kept your text: try again in %(time)s.", time=time)


def _clock(seconds: int) -> str:
    """As on a clock that counts down: 0:05, 4:32, 1:00:00."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
