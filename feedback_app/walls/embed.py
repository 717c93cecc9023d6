"""Embedding a wall on other sites: the page with HTML snippets, and the style sheet of an accent colour."""

from typing import Any

from markupsafe import escape
from quart import Blueprint, Response, abort, g, request

from ..models import Wall
from ..text.messages import Message
from ..web.assets import FOREVER
from ..web.responses import answer, unchanged
from ..web.security import keep_unlisted, own_address
from ..web.state import database
from ..web.templates import render
from .contrast import six_digits
from .location import ACCENT, Location
from .looks import FRAME, stylesheet, stylesheet_at
from .lookup import find_wall

views = Blueprint("embeds", __name__)


@views.get("/walls/<slug>/embed")
async def show(slug: str) -> Response:
    """The snippets for the requested look, above a preview in a frame."""
    async with database().reading() as session:
        wall = await find_wall(slug, session)

    if same := unchanged(wall):
        return same
    path = f"{Location(wall.slug).address()}/embed"
    values = {"location": Location(wall.slug), "may_arrange": False, **choices(wall, path)}
    return answer(render("walls/embed.html", wall=wall, **values), wall)


@views.get("/walls/<slug>/embed/snippets")
async def show_snippets(slug: str) -> Response:
    """A fragment: the snippets alone, while the look is chosen."""
    keep_unlisted()
    async with database().reading() as session:
        wall = await find_wall(slug, session)

    if same := unchanged(wall):
        return same
    return answer(render("walls/_snippets.html", wall=wall, **choices(wall, "")), wall)


def choices(wall: Wall, path: str) -> dict[str, Any]:
    """The template variables of walls/_embed.html for the look in the query, on the page at this path.

    The snippets are there only where the wall may be embedded.
    """
    g.frame_src = "'self'"
    frame = Location.frame(wall.slug, request.args)
    origin = own_address()
    return {
        "look": frame.look,
        "frame": frame,
        "snippets": _snippets(wall, frame, origin) if wall.embedders else [],
        "address": origin + Location(wall.slug).address(),
        "path": path,
    }


@views.get("/accents/<colour>.css")
async def accent(colour: str) -> Response:
    """The colours of an accent at an address without a digest, for old links. Aborts with 404 when it is no colour."""
    if not ACCENT.fullmatch(colour):
        abort(404)
    return stylesheet(FRAME, six_digits(colour)).answer("public, max-age=3600")


@views.get("/looks/<name>.css")
async def look(name: str) -> Response:
    """The style sheet of a look with an accent; an inline style would need an exception in the Content-Security-Policy.

    Aborts with 404 when there is no such look.
    """
    asset, is_current = stylesheet_at(name) or abort(404)
    # Another version of the program, which runs beside this one, may link to its own.
    return asset.answer(FOREVER if is_current else "no-cache")


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
