"""Templates: one environment for pages, fragments, feeds and the stream.

It is not Quart's, which makes every template asynchronous and thereby twice as slow, although nothing in them waits.
What a template says with `_()` or `| said` is in the language of the `wall` it was given, or in `language`.
"""

import hashlib
from datetime import datetime
from functools import cache
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from quart import Quart

from . import languages
from .assets import assets, folder
from .words import first_character, is_tall

HUES = 12


def init_app(app: Quart) -> None:
    app.extensions["templates"] = environment()
    app.extensions["edition"] = edition()


@cache
def environment() -> Environment:
    """Made once, with every template that was needed so far: it is the same for each app of a process."""
    made = Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Pages are kept under an edition that is read at the start; a template that changes later would mix two.
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals["asset"] = assets().url
    made.filters.update(initials=initials, hue=hue, iso=iso, readable=readable, said=said)
    made.tests["tall"] = is_tall
    return made


@cache
def edition() -> str:
    """Of what pages are made from: when that changes, so does every page."""
    sources = [*sorted(folder("templates").rglob("*.*")), *sorted(languages.FOLDER.glob("*.po"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8] + assets().digest


def render(template: str, **values: Any) -> str:
    """A page or fragment, in the language of the wall it belongs to unless another one is given."""
    wall = values.get("wall")
    language = values.setdefault("language", wall.language if wall else languages.DEFAULT)
    values["direction"] = languages.direction(language)
    return environment().get_template(template).render(**values)


def _language(context: Context) -> str:
    found = context.get("language") or getattr(context.get("wall"), "language", languages.DEFAULT)
    return cast("str", found)


@pass_context
def _gettext(context: Context, message: str) -> str:
    return languages.catalogue(_language(context)).gettext(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int) -> str:
    return languages.catalogue(_language(context)).ngettext(one, many, number)


@pass_context
def said(context: Context, sentence: str) -> str:
    """A sentence of our code in the language of the page."""
    return languages.say(sentence, _language(context))


@pass_context
def readable(context: Context, at: datetime) -> str:
    return languages.readable(at, _language(context))


def initials(name: str) -> str:
    """One or two letters that stand for a name: the first of the first and of the last word."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split()
    return "".join(first_character(word) for word in dict.fromkeys((words[0], words[-1]))).upper()


def hue(name: str) -> int:
    """Which of the colours belongs to a name: the same one everywhere, for ever."""
    return hashlib.sha256(name.casefold().encode()).digest()[0] % HUES


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
