"""Posting: the form of a wall, as Quart answers it."""

from typing import cast

from markupsafe import Markup
from quart import Response, abort, g, request
from werkzeug.datastructures import MultiDict

from ...database import database
from ...models import Wall
from ...text.cleaning import Unfit
from ...text.messages import Sentence
from ...text.translation import say
from ...web.forms import read_form
from ...web.middleware.access_log import decided
from ...web.middleware.asgi import Scope
from ...web.responses import wants_fragment
from ...web.templates import render
from ..location import Place
from ..lookup import NO_WALL, find_arranged, find_wall
from ..page import wall_page, writing
from ..views import feedback_views as views
from .form import Composer, Filled
from .store import Blocked, Closed, Crowded, NoWall, Refusal, SlowMode, TooOften
from .submit import EXPIRED, OUTCOME, Thanks

CLOSED = Sentence("This wall takes nothing new at the moment. Your words were not stored: copy them if you need them.")
BLOCKED = Sentence("You cannot write on this wall for now. Your words were not stored: copy them if you need them.")
REFUSALS: dict[type[Refusal], tuple[int, Sentence]] = {
    NoWall: (404, NO_WALL),
    Closed: (403, CLOSED),
    Blocked: (403, BLOCKED),
}


@views.post("/walls/<slug>/feedback")
async def write(slug: str) -> Response:
    """One entry for one form, however often it arrives."""
    fields = await read_form()
    wall = await find_arranged(slug)
    place = Place.of_form(wall.slug, request.args)

    try:
        filled = Filled.of(fields, wall)
    except Unfit:
        return await _again(place, fields, 422)
    if distrust := writing().distrust(filled, wall):
        decided(request.scope, "outdated" if distrust is EXPIRED else "trapped")
        return await _again(place, fields, 422, distrust)

    try:
        thanks = await _taken_in(filled, wall, place)
    except Refusal as refusal:
        decided(request.scope, refusal.outcome)
        return await _refuse(refusal, place, fields)

    decided(request.scope, thanks.outcome)
    return Response(thanks.body, thanks.status, thanks.headers)


async def _taken_in(filled: Filled, wall: Wall, place: Place) -> Thanks:
    """What the letterbox has tried in vain is not tried once more."""
    if tried := cast("Scope", request.scope).get(OUTCOME):
        raise tried
    return await writing().take_in(filled, wall, request.remote_addr or "", place, to_htmx=wants_fragment())


async def _refuse(refusal: Refusal, place: Place, fields: MultiDict[str, str]) -> Response:
    if not isinstance(refusal, TooOften):
        abort(*REFUSALS[type(refusal)])
    answer = await _again(place, fields, 429, _patience(refusal))
    answer.headers["Retry-After"] = str(refusal.seconds)
    return answer


async def _again(place: Place, fields: MultiDict[str, str], status: int, notice: str = "") -> Response:
    """The form as it was sent, with what is wrong; htmx keeps the form it has where nothing is wrong with a field."""
    if wants_fragment() and status != 422:
        return Response(render("errors/_notice.html", wall=g.wall, sentence=notice), status)
    async with database().reading() as session:
        wall = await find_wall(place.slug, session)
        form = Composer.on(wall, fields)
        form.validate()
        if wants_fragment():
            values = writing().composer(wall, form, notice)
            html = render("feedback/_composer.html", wall=wall, place=place, thanks=None, **values)
        else:
            html = await wall_page(wall, place, session, form=form, notice=notice)
    return Response(html, status)


def _patience(often: TooOften) -> Sentence:
    """When one may post again; the page's script counts it down."""
    over = say(Sentence("You can post again now."), g.wall.language)
    count_down = '<count-down role="timer" seconds="%s" data-over="%s">%s</count-down>'
    time = Markup(count_down) % (often.seconds, over, _clock(often.seconds))  # noqa: S704 - Its values are escaped.
    if isinstance(often, SlowMode):
        return Sentence("You can post again in %(time)s. We kept your text.", time=time)
    if isinstance(often, Crowded):
        return Sentence(
            "Very many posts are arriving from your network. We kept your text: try again in %(time)s.", time=time
        )
    return Sentence("You're posting quickly. We kept your text: try again in %(time)s.", time=time)


def _clock(seconds: int) -> str:
    """As on a clock that counts down: 0:05, 4:32, 1:00:00."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
