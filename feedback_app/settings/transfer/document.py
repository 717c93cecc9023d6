"""Parses an exported file: the wall's settings, its entries and its audit log."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from ...clock import now
from ...config import ConfigurationError
from ...models import Wall
from ...models.base import Hold, NameRule
from ...models.former_address import slug_fault
from ...models.wall import TITLE_LENGTH, WELCOME_LENGTH
from ...text import csv_cells
from ...text.cleaning import InvalidText, clean, is_blank
from ...text.translation import LANGUAGES
from ...walls.contrast import legible, six_digits
from ...walls.location import ACCENT
from ..frame_ancestors import parse_frame_ancestors
from .audit_log_import import Line, parse_act
from .entry import REASONS, parse_entry, time
from .export import FORMAT, FORMAT_VERSION, SETTINGS

Parsed = TypeVar("Parsed")
MOST_BYTES = 512 * 2**20
KINDS: dict[str, type] = {"is_closed": bool, "slow_seconds": int}
CHOICES = {
    "hold": (Hold.NONE, *REASONS),
    "names": tuple(NameRule),
    "theme": ("auto", "light", "dark"),
    "language": tuple(LANGUAGES),
}


@dataclass(frozen=True)
class Import:
    """A parsed file. `settings` are by column, and may be missing; `rows` are columns of feedback.

    `authors_of` is the mark of the secret key from which the pseudonyms of authors come. `blocked` maps such pseudonyms
    to times.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    former_addresses: Sequence[str] = ()
    rows: Sequence[dict[str, Any]] = ()
    log: Sequence[Line] = ()
    authors_of: str = ""
    blocked: Mapping[str, datetime] = field(default_factory=dict)
    # The wall's, for the ids in its feeds.
    uid: str = ""


def read(file: Path) -> Import:
    """Parse a JSON or CSV file. Raises ConfigurationError with one line that says what is wrong and where."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{file} is larger than {MOST_BYTES // 2**20} MiB.")
        text = csv_cells.decoded(file.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as fault:
        raise ConfigurationError(f"{file} {fault}.") from None
    if not text.lstrip().startswith("{"):
        return Import(rows=_parse_all(_csv(text, file), parse_entry, f"{file}, entry"))
    document = _json(text, file)
    try:
        wall = document.get("wall", {})
        settings, former = _settings(wall), _slugs(wall.get("former_addresses", []))
        blocked, uid = _blocked(document.get("blocked", [])), _uid(wall.get("uid"))
    except (InvalidText, ValueError) as fault:
        raise ConfigurationError(f"{file}, the wall: {fault}") from None
    rows = _parse_all(document["feedback"], parse_entry, f"{file}, entry")
    numbers = [row["id"] for row in rows if row["id"]]
    if len(set(numbers)) < len(numbers):
        raise ConfigurationError(f"{file}: two entries have the same number.")
    log = _parse_all(document.get("acts", []), parse_act, f"{file}, act")
    return Import(settings, former, rows, log, str(document.get("authors_of", "")), blocked, uid)


def _parse_all(documents: Any, parse: Callable[[Any], Parsed], where: str) -> list[Parsed]:
    found = []
    for place, each in enumerate(documents if isinstance(documents, list) else [documents], 1):
        try:
            found.append(parse(each))
        except (InvalidText, ValueError) as fault:
            raise ConfigurationError(f"{where} {place}: {fault}") from None
    return found


def _json(text: str, file: Path) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigurationError(f"{file} is cut off or no JSON{where}.") from None
    if document.get("format") != FORMAT or not isinstance(document.get("feedback"), list):
        raise ConfigurationError(f"{file} is no export of a wall.")
    if document.get("edition") != FORMAT_VERSION:
        raise ConfigurationError(f"{file} was exported by a newer version of this program. Update this one first.")
    return dict(document)


def _settings(document: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ValueError("The wall is not as it should be.")
    columns = Wall.__table__.columns
    settings: dict[str, Any] = {}
    for name in SETTINGS:
        if name not in document:
            continue
        value, most = document[name], getattr(columns[name].type, "length", None)
        if type(value) is not KINDS.get(name, str) or (most and len(str(value)) > most):
            raise ValueError(f"{name} is not as it should be.")
        if value not in CHOICES.get(name, (value,)):
            raise ValueError(f"{name} is none of {', '.join(CHOICES[name])}.")
        settings[name] = CHECKS[name](value) if name in CHECKS else value
    for name in ("created_at", "archived_at"):
        if document.get(name):
            settings[name] = time(document[name], name)
    return settings


def _slugs(document: Any) -> list[str]:
    if not isinstance(document, list) or not all(
        isinstance(each, str) and slug_fault(each) is None for each in document
    ):
        raise ValueError("former_addresses are not as they should be.")
    return document


def _blocked(document: Any) -> dict[str, datetime]:
    """Times of blocking, by pseudonym."""
    try:
        return {str(each["author"])[:64]: time(each["at"], "at") or now() for each in document}
    except (KeyError, TypeError):
        raise ValueError("blocked is not as it should be.") from None


def _uid(document: Any) -> str:
    """In canonical form, so that equal ids compare equal."""
    try:
        return str(UUID(document)) if document else ""
    except (ValueError, TypeError, AttributeError):
        raise ValueError("uid is not as it should be.") from None


def _title(typed: str) -> str:
    title = clean(typed, most=TITLE_LENGTH, most_code_points=TITLE_LENGTH, lines=False)
    if is_blank(title):
        raise ValueError("There is no title.")
    return title


def _accent(colour: str) -> str:
    if colour and not ACCENT.fullmatch(colour):
        raise ValueError("accent is no colour of six digits.")
    return legible(six_digits(colour)) if colour else ""


def _slow(seconds: int) -> int:
    if not 0 <= seconds <= 24 * 3600:
        raise ValueError("slow_seconds is not as it should be.")
    return seconds


# Settings in a file are user input: they reach headers and pages.
CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "title": _title,
    "welcome": lambda typed: clean(typed, most=WELCOME_LENGTH, most_code_points=4 * WELCOME_LENGTH, lines=True),
    "embedders": lambda origins: parse_frame_ancestors("\n".join(origins.split(" "))),
    "accent": _accent,
    "slow_seconds": _slow,
}


def _csv(text: str, file: Path) -> list[dict[str, Any]]:
    try:
        rows = csv_cells.read(text, ("name", "text"))
    except ValueError as fault:
        raise ConfigurationError(f"{file} is no export of a wall, neither JSON nor CSV: {fault}.") from None
    return [{**{name: cell or None for name, cell in row.items()}, "name": row.get("name", "")} for row in rows]
