"""Templates: pages, fragments, feeds and the stream, for each language that somebody reads.

They are not Quart's, which makes every template asynchronous and thereby twice as slow, although nothing in them waits.
What a template says with `_()` is said in its language when it is compiled, which takes half of the calls out of a
fragment; `| said` says sentences that come from code.
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
FOR_MODERATORS = ("moderation/", "settings/", "sessions/", "setups/", "live/_desk", "live/_index")


def render(template: str, **values: Any) -> str:
    """A page or fragment, in the language of the wall it belongs to unless another one is given."""
    language = values.get("language")
    if not language:
        wall = None if template.startswith(FOR_MODERATORS) else values.get("wall")
        language = values["language"] = wall.language if wall is not None else translation.DEFAULT
    values["direction"] = translation.direction(language)
    said = translation.DEFAULT if translation.is_english(language) else language
    return _environment(said, root()).get_template(template).render(values)


@cache
def _environment(language: str, root: str) -> Environment:
    """Made once, with every template that was needed so far: it is the same for each app of a process."""
    made = _Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Pages are kept under an edition that is read at the start; a template that changes later would mix two.
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.words = translation.catalogue(language)
    # The values of a sentence have names, and are put in where it stands, escaped.
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    made.globals = {"asset": lambda name: root + assets().url(name), "root": root}
    # Jinja's own `truncate` cuts flags and families in two.
    made.filters.update(initials=initials, hue=hue, iso=iso, truncate=shortened)
    made.filters.update(
        readable=partial(translation.readable, language=language),
        said=partial(translation.translate, language=language),
    )
    made.tests.update(tall=is_tall, rtl=is_rtl)
    return made


class _Environment(Environment):
    """Does when a template is compiled what would come out the same each time that it is rendered."""

    words: NullTranslations

    def make_globals(self, _: Any) -> Any:
        """The same for every template, so that no context is put together from several."""
        return self.globals

    def compile(self, source: Any, name: Any = None, filename: Any = None, *more: Any, **others: Any) -> Any:
        if isinstance(source, str):
            source = _Once(self).visit(self.parse(source, name, filename))
        return super().compile(source, name, filename, *more, **others)


class _Once(NodeTransformer):
    def __init__(self, environment: _Environment) -> None:
        self._environment = environment

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        """A sentence in the language of these templates; where it has values, they are all that is left to do."""
        self.generic_visit(call)
        if not isinstance(call.node, nodes.Name) or call.node.name not in ("_", "gettext"):
            return call
        (sentence,) = call.args
        said = nodes.MarkSafe(nodes.Const(self._environment.words.gettext(sentence.as_const())))
        values = nodes.Dict([nodes.Pair(nodes.Const(each.key), each.value) for each in call.kwargs])
        return nodes.Mod(said, values, lineno=call.lineno)

    def visit_Include(self, include: nodes.Include) -> nodes.Node:
        """What is included, in its place: to look it up and to give it a context takes longer than most of them do."""
        assert isinstance(include.template, nodes.Const)  # noqa: S101 - By its name, as all of ours are.
        assert self._environment.loader is not None  # noqa: S101 - for the type checker.
        source, filename, _ = self._environment.loader.get_source(self._environment, include.template.value)
        included = self.visit(self._environment.parse(source, include.template.value, filename))
        return nodes.Scope(included.body, lineno=include.lineno)


@cache
def build_id() -> str:
    """Of what pages are made from: when that changes, so does every page."""
    sources = [*sorted(folder("templates").rglob("*.*")), *sorted(translation.FOLDER.glob("*.po"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8] + assets().digest


def initials(name: str) -> str:
    """One or two letters that stand for a name: the first of the first and of the last word."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split()
    return "".join(first_character(word) for word in dict.fromkeys((words[0], words[-1]))).upper()


def hue(name: str) -> int:
    """Which of the colours belongs to a name: the same one everywhere, for ever."""
    return hashlib.sha256(name.casefold().encode()).digest()[0] % HUES


def iso(at: datetime) -> str:
    return f"{at.isoformat()[:19]}Z"
