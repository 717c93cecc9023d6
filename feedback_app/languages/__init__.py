"""Languages: what the house says to visitors, in the language of their wall.

The catalogues are text files of gettext (https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html), read
at the start: nothing has to be compiled.
"""

import io
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from ..sentences import Sentence

DEFAULT = "en"
# Whose dates and numbers we write: in English the day comes before the month.
LOCALES = {"en": "en_GB"}
FOLDER = Path(__file__).parent
NAMES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
# By its code, the name that a language gives itself: English, and every one that has a catalogue.
LANGUAGES = {code: name for code, name in NAMES.items() if code == DEFAULT or (FOLDER / f"{code}.po").exists()}


@cache
def catalogue(language: str) -> NullTranslations:
    """What is said in this language; one we have no catalogue of is said in English, which is in the code itself."""
    if language == DEFAULT or language not in LANGUAGES:
        return NullTranslations()
    compiled = io.BytesIO()
    with (FOLDER / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


def say(sentence: str, language: str) -> str:
    """The sentence in this language; what is no Sentence is said as it is."""
    if not isinstance(sentence, Sentence) or language == DEFAULT:
        return str(sentence)
    words = catalogue(language)
    found = (
        words.ngettext(sentence.pattern, sentence.plural, sentence.number)
        if sentence.plural
        else words.gettext(sentence.pattern)
    )
    values = {
        name: format_decimal(value, locale=locale(language)) if isinstance(value, int) else value
        for name, value in sentence.values.items()
    }
    return found % values


def first_of(wanted: Iterable[str]) -> str:
    """The first of these languages, as browsers name them, that we have."""
    codes = (each.partition("-")[0].lower() for each in wanted)
    return next((code for code in codes if code in LANGUAGES), DEFAULT)


def direction(language: str) -> str:
    """Whether it is written from left to right or from right to left, as in the attribute `dir`."""
    return str(locale(language).text_direction)


def readable(at: datetime, language: str) -> str:
    """A point in time in UTC for people."""
    return f"{_day(at.date(), language)}, {at:%H:%M} UTC"


@lru_cache(maxsize=2048)
def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=locale(language))


@cache
def locale(language: str) -> Locale:
    known = language if language in LANGUAGES else DEFAULT
    return Locale.parse(LOCALES.get(known, known))
