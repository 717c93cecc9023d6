"""Embedding a wall on other sites: the page with HTML snippets, and the style sheet of an accent colour."""

from markupsafe import escape
from quart import Blueprint, Response, abort, g, request

from ..models import Wall
from ..text.messages import Message
from ..web.assets import EVERYWHERE, FOREVER
from ..web.responses import answer, unchanged
from ..web.security import own_address
from ..web.state import database
from ..web.templates import render
from .contrast import legible, six_digits
from .location import ACCENT, Location, Look
from .lookup import find_wall

views = Blueprint("embeds", __name__)


@views.get("/walls/<slug>/embed")
async def show(slug: str) -> Response:
    """The snippets for the requested look, above a preview in a frame."""
    look = Look.of(request.args)
    async with database().reading() as session:
        wall = await find_wall(slug, session)

    if same := unchanged(wall):
        return same
    g.frame_src = "'self'"
    frame = Location(wall.slug, is_frame=True, look=look)
    snippets = _snippets(wall, frame, own_address())
    return answer(
        render("walls/embed.html", wall=wall, location=Location(wall.slug), look=look, frame=frame, snippets=snippets),
        wall,
    )


@views.get("/accents/<colour>.css")
async def accent(colour: str) -> Response:
    """A style sheet of one rule; an inline style would need an exception in the Content-Security-Policy.

    Aborts with 404 when it is no colour.
    """
    if not ACCENT.fullmatch(colour):
        abort(404)
    seed = legible(six_digits(colour))
    headers = {"Cache-Control": FOREVER, **EVERYWHERE}
    return Response(f":root{{--accent-seed:#{seed}}}\n", mimetype="text/css", headers=headers)


def _snippets(wall: Wall, frame: Location, origin: str) -> list[tuple[str, Message, Message, str]]:
    """Name, title, description and HTML of each way to embed a wall."""
    options = {name: f"#{value}" if name == "accent" else value for name, value in frame.look.query.items()}
    script = "".join(f' data-{name}="{value}"' for name, value in options.items())
    element = "".join(f' {name}="{value}"' for name, value in options.items())
    title = escape(wall.title)
    # Without it, browsers paint an opaque background behind a frame whose colour scheme differs from the page's.
    theme = frame.theme_of(wall)
    scheme = f' style="color-scheme: {theme}"' if theme != "auto" else ""
    # The fallback while the script loads, and when it is blocked.
    link = f'<a href="{origin}{Location(wall.slug).address()}">{title}</a>'
    return [
        (
            "script",
            Message("A line of HTML"),
            Message("Puts the wall where the line stands, as tall as it needs to be."),
            f'<script src="{origin}/embed.js" data-wall="{wall.slug}"{script} async></script>\n{link}',
        ),
        (
            "element",
            Message("A custom element"),
            Message("The same, for pages that are put together by scripts."),
            f'<script src="{origin}/embed.js" async></script>\n'
            f'<feedback-wall wall="{wall.slug}"{element}>{link}</feedback-wall>',
        ),
        (
            "frame",
            Message("Plain iframe"),
            Message("For sites that block scripts. Fixed height: what does not fit is scrolled."),
            f'<iframe src="{escape(origin + frame.address())}" title="{title}" width="100%" height="600" '
            f'frameborder="0" loading="lazy"{scheme}></iframe>',
        ),
    ]
