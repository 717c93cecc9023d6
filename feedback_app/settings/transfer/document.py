"""What is in a file: how its wall was arranged, the entries, and what was done to them."""

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
from ...models.former_address import slug_fault
from ...models.wall import TITLE_LENGTH, WELCOME_LENGTH
from ...text import csv_cells
from ...text.cleaning import InvalidText, clean, is_blank
from ...text.translation import LANGUAGES
from ...walls.contrast import legible, six_digits
from ...walls.location import ACCENT
from ..frame_ancestors import parse_frame_ancestors
from .audit_log import Line, line_of
from .entry import REASONS, row_of, time
from .export import FORMAT, FORMAT_VERSION, SETTINGS

Made = TypeVar("Made")
MOST_BYTES = 512 * 2**20
KINDS: dict[str, type] = {"is_closed": bool, "slow_seconds": int}
CHOICES = {
    "hold": ("none", *REASONS),
    "names": ("required", "optional", "never"),
    "theme": ("auto", "light", "dark"),
    "language": tuple(LANGUAGES),
}


@dataclass(frozen=True)
class Import:
    """How a wall was arranged and which addresses it had before, nothing where the file does not say so; its entries as
    rows, and the log; and whose names the authors' and blocked ones are: a mark of the secret they were made with."""

    arrangement: Mapping[str, Any] = field(default_factory=dict)
    former_addresses: Sequence[str] = ()
    rows: Sequence[dict[str, Any]] = ()
    log: Sequence[Line] = ()
    authors_of: str = ""
    blocked: Mapping[str, datetime] = field(default_factory=dict)
    # Of the wall, for the ids in its feeds.
    uid: str = ""


def read(file: Path) -> Import:
    """Raises ConfigurationError with one line on what is wrong and where."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{file} is larger than {MOST_BYTES // 2**20} MiB.")
        text = csv_cells.decoded(file.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as fault:
        raise ConfigurationError(f"{file} {fault}.") from None
    if not text.lstrip().startswith("{"):
        return Import(rows=_each(_csv(text, file), row_of, f"{file}, entry"))
    document = _json(text, file)
    try:
        wall = document.get("wall", {})
        arrangement, former = _arrangement(wall), _slugs(wall.get("former_addresses", []))
        blocked, uid = _blocked(document.get("blocked", [])), _uid(wall.get("uid"))
    except (InvalidText, ValueError) as fault:
        raise ConfigurationError(f"{file}, the wall: {fault}") from None
    rows = _each(document["feedback"], row_of, f"{file}, entry")
    numbers = [row["id"] for row in rows if row["id"]]
    if len(set(numbers)) < len(numbers):
        raise ConfigurationError(f"{file}: two entries have the same number.")
    log = _each(document.get("acts", []), line_of, f"{file}, act")
    return Import(arrangement, former, rows, log, str(document.get("authors_of", "")), blocked, uid)


def _each(said: Any, made: Callable[[Any], Made], where: str) -> list[Made]:
    found = []
    for place, each in enumerate(said if isinstance(said, list) else [said], 1):
        try:
            found.append(made(each))
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


def _arrangement(said: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise ValueError("The wall is not as it should be.")
    columns = Wall.__table__.columns
    taken: dict[str, Any] = {}
    for name in SETTINGS:
        if name not in said:
            continue
        value, most = said[name], getattr(columns[name].type, "length", None)
        if type(value) is not KINDS.get(name, str) or (most and len(str(value)) > most):
            raise ValueError(f"{name} is not as it should be.")
        if value not in CHOICES.get(name, (value,)):
            raise ValueError(f"{name} is none of {', '.join(CHOICES[name])}.")
        taken[name] = CHECKS[name](value) if name in CHECKS else value
    for name in ("created_at", "archived_at"):
        if said.get(name):
            taken[name] = time(said[name], name)
    return taken


def _slugs(said: Any) -> list[str]:
    if not isinstance(said, list) or not all(isinstance(each, str) and slug_fault(each) is None for each in said):
        raise ValueError("former_addresses are not as they should be.")
    return said


def _blocked(said: Any) -> dict[str, datetime]:
    """When authors were blocked, by their names."""
    try:
        return {str(each["author"])[:64]: time(each["at"], "at") or now() for each in said}
    except (KeyError, TypeError):
        raise ValueError("blocked is not as it should be.") from None


def _uid(said: Any) -> str:
    """As every program writes it, so that one is not taken for two."""
    try:
        return str(UUID(said)) if said else ""
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


# What an export says of a wall is looked at as if somebody had typed it: it goes into headers and pages.
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
