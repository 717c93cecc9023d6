"""Jinja templates: one environment per language, for pages, fragments, feeds and stream events.

Quart's own environment renders asynchronously, which takes twice as long; nothing in these templates waits.
`_("...")` is translated when a template is compiled, which removes half of a fragment's calls. The filter `translate`
translates messages that come from code.
"""

import hashlib
from datetime import datetime
from functools import cache, partial
from gettext import NullTranslations
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.visitor import NodeTransformer

from ..text import translation
from ..text.cleaning import first_character, is_rtl, is_tall, shortened
from .assets import assets, folder
from .middleware.sub_path import root

HUES = 12
# Moderators' pages are in English, whatever the language of the wall.
FOR_MODERATORS = ("accounts/", "moderation/", "settings/", "live/_queue", "live/_wall_index")


def render(template: str, **values: Any) -> str:
    """The rendered template, in `values["language"]` or else in the language of `values["wall"]`.

    Raises Jinja's UndefinedError when the template uses a value that is missing.
    """
    language = values.get("language")
    if not language:
        wall = None if template.startswith(FOR_MODERATORS) else values.get("wall")
        language = values["language"] = wall.language if wall is not None else translation.DEFAULT
    values["direction"] = translation.direction(language)
    catalogue = translation.DEFAULT if translation.is_english(language) else language
    return _environment(catalogue, root()).get_template(template).render(values)


@cache
def _environment(language: str, root: str) -> Environment:
    """One environment per language and sub-path, shared by all apps of a process."""
    environment = _Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # `build_id` is computed once; a template reloaded later would not match the ETags.
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.catalogue = translation.catalogue(language)
    # Values of a translated message are named and escaped.
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals = {"asset": lambda name: root + assets().url(name), "root": root}
    # Jinja's own `truncate` splits emoji that consist of several code points.
    environment.filters.update(initials=initials, hue=hue, iso=iso, truncate=shortened)
    environment.filters.update(
        readable=partial(translation.readable, language=language),
        translate=partial(translation.translate, language=language),
    )
    environment.tests.update(tall=is_tall, rtl=is_rtl)
    return environment


class _Environment(Environment):
    """Translates messages and inlines includes at compile time."""

    catalogue: NullTranslations

    def compile(self, source: Any, name: Any = None, filename: Any = None, *more: Any, **others: Any) -> Any:
        if isinstance(source, str):
            source = _CompileTimeTransformer(self).visit(self.parse(source, name, filename))
        return super().compile(source, name, filename, *more, **others)


class _CompileTimeTransformer(NodeTransformer):
    def __init__(self, environment: _Environment) -> None:
        self._environment = environment

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        """Replace `_("...")` by its translation; only its values are filled in when it is rendered."""
        self.generic_visit(call)
        if not isinstance(call.node, nodes.Name) or call.node.name not in ("_", "gettext"):
            return call
        (message,) = call.args
        translated = nodes.MarkSafe(nodes.Const(self._environment.catalogue.gettext(message.as_const())))
        values = nodes.Dict([nodes.Pair(nodes.Const(each.key), each.value) for each in call.kwargs])
        return nodes.Mod(translated, values, lineno=call.lineno)

    def visit_Include(self, include: nodes.Include) -> nodes.Node:
        """Inline the included template: its lookup and context cost more than rendering most of them."""
        assert isinstance(include.template, nodes.Const)  # noqa: S101 - All of ours are included by a constant name.
        assert self._environment.loader is not None  # noqa: S101 - for the type checker.
        source, filename, _ = self._environment.loader.get_source(self._environment, include.template.value)
        included = self.visit(self._environment.parse(source, include.template.value, filename))
        return nodes.Scope(included.body, lineno=include.lineno)


@cache
def build_id() -> str:
    """A hash of all templates, catalogues and assets, part of every ETag."""
    sources = [*sorted(folder("templates").rglob("*.*")), *sorted(translation.FOLDER.glob("*.po"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8] + assets().digest


def initials(name: str) -> str:
    """One or two capital letters for an avatar: the first ones of the name's first and last word."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split()
    return "".join(first_character(word) for word in dict.fromkeys((words[0], words[-1]))).upper()


def hue(name: str) -> int:
    """The number of a name's colour, 0 to 11, always the same for the same name."""
    return hashlib.sha256(name.casefold().encode()).digest()[0] % HUES


def iso(at: datetime) -> str:
    """A UTC time as `2026-01-31T09:00:00Z`."""
    return f"{at.isoformat()[:19]}Z"
