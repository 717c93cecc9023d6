"""Languages: what the house says to visitors, in the language of their wall.

The catalogues are text files of gettext (https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html), read
when somebody wants that language: nothing has to be compiled. Babel knows how the others write dates and numbers, and
comes with the first of them; English needs none of its five megabytes.
"""

import io
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from .messages import Message

if TYPE_CHECKING:
    from babel import Locale

DEFAULT = "en"
FOLDER = Path(__file__).parent / "catalogues"
NAMES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
# By its code, the name that a language gives itself: English, and every one that has a catalogue.
LANGUAGES = {code: name for code, name in NAMES.items() if code == DEFAULT or (FOLDER / f"{code}.po").exists()}


@cache
def is_english(language: str) -> bool:
    """Whether we say it as it stands in the code: in English, and to those whose language we do not have."""
    return language == DEFAULT or language not in LANGUAGES


@cache
def catalogue(language: str) -> NullTranslations:
    """What is said in this language; what is said in English is in the code itself."""
    if is_english(language):
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with (FOLDER / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


def translate(sentence: str, language: str) -> str:
    """The sentence in this language; what is no Message is returned as a string. It is Markup when a value in it is."""
    if not isinstance(sentence, Message):
        return str(sentence)
    has_markup = any(isinstance(value, Markup) for value in sentence.values.values())
    if is_english(language) and not has_markup:
        return str(sentence)
    words = catalogue(language)
    found = (
        words.ngettext(sentence.pattern, sentence.plural, sentence.number)
        if sentence.plural
        else words.gettext(sentence.pattern)
    )
    values = {
        name: _number(value, language) if isinstance(value, int) else value for name, value in sentence.values.items()
    }
    return (escape(found) if has_markup else found) % values


def first_of(wanted: Iterable[str]) -> str:
    """The first of these languages, as browsers name them, that we have."""
    codes = (each.partition("-")[0].lower() for each in wanted)
    return next((code for code in codes if code in LANGUAGES), DEFAULT)


def direction(language: str) -> str:
    """Whether it is written from left to right or from right to left, as in the attribute `dir`."""
    return "ltr" if is_english(language) else str(_locale(language).text_direction)


def readable(at: datetime, language: str) -> str:
    """A point in time in UTC for people."""
    return f"{_day(at.date(), language)}, {at.hour:02}:{at.minute:02} UTC"


def _number(value: int, language: str) -> str:
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_locale(language))


@lru_cache(maxsize=2048)
def _day(day: date, language: str) -> str:
    if is_english(language):
        return f"{day.day} {day:%B %Y}"
    from babel.dates import format_date

    return format_date(day, "long", locale=_locale(language))


@cache
def _locale(language: str) -> "Locale":
    from babel import Locale

    return Locale.parse(language)
