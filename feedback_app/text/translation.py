"""Translation (i18n): gettext catalogues, plural forms, and dates and numbers in the language of a wall.

Catalogues are .po files (https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html), read on first use
without a compile step. Babel (5 MB) is imported only for a language other than English.
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
# Language code -> its own name: English, and every language with a catalogue.
LANGUAGES = {code: name for code, name in NAMES.items() if code == DEFAULT or (FOLDER / f"{code}.po").exists()}


@cache
def is_english(language: str) -> bool:
    """Whether messages stay as they are in the code: for English and for unknown languages."""
    return language == DEFAULT or language not in LANGUAGES


@cache
def catalogue(language: str) -> NullTranslations:
    """The translations of this language; empty for English, whose messages are in the code."""
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
    """The message in this language; Markup if one of its values is. A plain string is returned unchanged."""
    if not isinstance(sentence, Message):
        return str(sentence)
    has_markup = any(isinstance(value, Markup) for value in sentence.values.values())
    if is_english(language) and not has_markup:
        return str(sentence)
    translations = catalogue(language)
    pattern = (
        translations.ngettext(sentence.pattern, sentence.plural, sentence.number)
        if sentence.plural
        else translations.gettext(sentence.pattern)
    )
    values = {
        name: _number(value, language) if isinstance(value, int) else value for name, value in sentence.values.items()
    }
    return (escape(pattern) if has_markup else pattern) % values


def first_of(wanted: Iterable[str]) -> str:
    """The code of the first available language among these tags (from `Accept-Language`), else English."""
    codes = (each.partition("-")[0].lower() for each in wanted)
    return next((code for code in codes if code in LANGUAGES), DEFAULT)


def direction(language: str) -> str:
    """Text direction for the HTML attribute `dir`: `ltr` or `rtl`."""
    return "ltr" if is_english(language) else str(_locale(language).text_direction)


def readable(at: datetime, language: str) -> str:
    """A UTC date and time for display."""
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
