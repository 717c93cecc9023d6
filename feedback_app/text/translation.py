"""Translation (i18n): gettext catalogues, plural forms, and dates and numbers in the language of a wall.

Catalogues are .po files (https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html), several per language, by
who reads them: `catalogues/de/visitors.po`, `catalogues/de/moderation.po`. They are read on first use without a compile
step. Babel (5 MB) is imported only for a language other than English.
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
# Language code -> its own name: English, and every language with catalogues.
LANGUAGES = {code: name for code, name in NAMES.items() if code == DEFAULT or (FOLDER / code).is_dir()}


@cache
def is_english(language: str) -> bool:
    """Whether messages stay as they are in the code: for English and for unknown languages."""
    return language == DEFAULT or language not in LANGUAGES


def catalogue_files(language: str = "*") -> list[Path]:
    """The catalogues of this language, or of all."""
    return sorted(FOLDER.glob(f"{language}/*.po"))


@cache
def catalogue(language: str) -> NullTranslations:
    """The translations of all catalogues of this language; empty for English, whose messages are in the code."""
    if is_english(language):
        return NullTranslations()
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    joined, compiled = Catalog(locale=language), io.BytesIO()
    for path in catalogue_files(language):
        with path.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                if message.id:
                    joined[message.id] = message
    write_mo(compiled, joined)
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
    return f"{day(at.date(), language)}, {at.hour:02}:{at.minute:02} UTC"


def _number(value: int, language: str) -> str:
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_locale(language))


@lru_cache(maxsize=2048)
def day(at: date, language: str) -> str:
    """A date for display."""
    if is_english(language):
        return f"{at.day} {at:%B %Y}"
    from babel.dates import format_date

    return format_date(at, "long", locale=_locale(language))


@cache
def _locale(language: str) -> "Locale":
    from babel import Locale

    return Locale.parse(language)
