"""Templates: one environment for pages, fragments, feeds and the stream.

It is not Quart's, which makes every template asynchronous and thereby twice as slow, although nothing in them waits.
"""

import hashlib
from datetime import datetime
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from quart import Quart, current_app

from .assets import folder
from .words import first_character

HUES = 12


def init_app(app: Quart) -> None:
    environment = Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Pages are kept under an edition that is read at the start; a template that changes later would mix two.
        auto_reload=False,
    )
    environment.globals["asset"] = app.extensions["assets"].url
    environment.filters.update(initials=initials, hue=hue, iso=iso, readable=readable)
    app.extensions["templates"] = environment
    # What pages are made from: when it changes, so does every page.
    sources = [path.read_bytes() for path in sorted(folder("templates").rglob("*.*"))]
    app.extensions["edition"] = hashlib.sha256(b"".join(sources)).hexdigest()[:8] + app.extensions["assets"].digest


def render(template: str, **values: Any) -> str:
    return cast("Environment", current_app.extensions["templates"]).get_template(template).render(**values)


def initials(name: str) -> str:
    """One or two letters that stand for a name: the first of the first and of the last word."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split()
    return "".join(first_character(word) for word in dict.fromkeys((words[0], words[-1]))).upper()


def hue(name: str) -> int:
    """Which of the colours belongs to a name: the same one everywhere, for ever."""
    return hashlib.sha256(name.casefold().encode()).digest()[0] % HUES


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def readable(at: datetime) -> str:
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
