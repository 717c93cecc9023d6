"""Importing: what an export holds, onto a wall of this installation, all of it or nothing."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from .colours import legible, six_digits
from .config import ConfigurationError
from .embedders import embedders_in
from .exporting import ARRANGED, EDITION, FORMAT, TIMES, Progress, nobody
from .languages import LANGUAGES
from .models import Feedback, Wall
from .models.feedback import (
    MOST_PINNED,
    NAME_CODE_POINTS,
    NAME_LENGTH,
    TEXT_CODE_POINTS,
    TEXT_LENGTH,
)
from .models.wall import TITLE_LENGTH, WELCOME_LENGTH, slug_fault
from .place import ACCENT
from .spreadsheet import plain
from .words import Unfit, clean, is_blank

MOST_BYTES = 512 * 2**20
SLICE = 500
STATES = ("public", "held", "hidden", "removed")
REASONS = ("all", "first", "links")
KINDS: dict[str, type] = {"is_closed": bool, "slow_seconds": int}
CHOICES = {
    "hold": ("none", *REASONS),
    "names": ("required", "optional", "never"),
    "theme": ("auto", "light", "dark"),
    "language": tuple(LANGUAGES),
}


@dataclass(frozen=True)
class Import:
    """What is in a file: how its wall was arranged, nothing where it does not say so, and the entries as rows."""

    arrangement: Mapping[str, Any]
    rows: Sequence[dict[str, Any]]


@dataclass
class Report:
    made_wall: bool = False
    added: int = 0
    known: int = 0
    unpinned: int = 0


def read(file: Path) -> Import:
    """Raises ConfigurationError with one line on what is wrong and where."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{file} is larger than {MOST_BYTES // 2**20} MiB.")
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not a text in UTF-8.") from None
    arrangement, entries = _json(text, file) if text.lstrip().startswith("{") else ({}, _csv(text, file))
    rows = []
    for place, entry in enumerate(entries, 1):
        try:
            rows.append(_row(entry))
        except (Unfit, ValueError) as fault:
            raise ConfigurationError(f"{file}, entry {place}: {fault}") from None
    return Import(arrangement, rows)


async def bring_in(slug: str, found: Import, session: AsyncSession, progress: Progress = nobody) -> Report:
    """Onto the wall of that address, which is made and arranged as the file says where there is none.

    An entry that is there already, because the file was imported before, is left alone.
    """
    report = Report()
    wall = await session.scalar(Wall.locked(slug))
    if wall is None:
        if fault := slug_fault(slug):
            raise ConfigurationError(fault)
        wall = Wall(slug=slug, title=slug)
        session.add(wall)
        for name, value in found.arrangement.items():
            setattr(wall, name, value)
        await session.flush()
        report.made_wall = True
    room = MOST_PINNED - len((await session.scalars(Feedback.pinned_on(wall.id))).all())
    for first in range(0, len(found.rows), SLICE):
        some = found.rows[first : first + SLICE]
        keys = {row["key"] for row in some}
        known = {key for _, _, key in await session.execute(Feedback.numbers_under({wall.id: keys}))}
        rows = []
        for row in some:
            if row["key"] in known:
                report.known += 1
                continue
            known.add(row["key"])
            if row["pinned_at"] and room <= 0:
                row = {**row, "pinned_at": None}
                report.unpinned += 1
            room -= bool(row["pinned_at"])
            entry = Feedback(
                wall_id=wall.id,
                version=wall.change() if row["state"] == "public" else None,
                desk_version=wall.change_on_the_desk(),
                author=hashlib.sha256(f"imported {row['key']}".encode()).hexdigest(),
                **row,
            )
            rows.append(entry.row())
        if rows:
            await session.execute(Feedback.insertion(), rows)
        report.added += len(rows)
        progress(len(some))
    return report


def _json(text: str, file: Path) -> tuple[dict[str, Any], list[Any]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigurationError(f"{file} is cut off or no JSON{where}.") from None
    if document.get("format") != FORMAT or not isinstance(document.get("feedback"), list):
        raise ConfigurationError(f"{file} is no export of a wall.")
    if document.get("edition") != EDITION:
        raise ConfigurationError(f"{file} was exported by a newer version of this program. Update this one first.")
    try:
        return _arrangement(document.get("wall", {})), document["feedback"]
    except (Unfit, ValueError) as fault:
        raise ConfigurationError(f"{file}, the wall: {fault}") from None


def _arrangement(said: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise ValueError("The wall is not as it should be.")
    columns = Wall.__table__.columns
    taken: dict[str, Any] = {}
    for name in ARRANGED:
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
            taken[name] = _time(said[name], name)
    return taken


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
    "embedders": lambda origins: embedders_in("\n".join(origins.split(" "))),
    "accent": _accent,
    "slow_seconds": _slow,
}


def _csv(text: str, file: Path) -> list[dict[str, Any]]:
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = [{name: plain(value) or None for name, value in row.items() if name} for row in reader]
    except (csv.Error, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{file} is no export of a wall, neither JSON nor CSV: {error}.") from None
    if not {"name", "text"} <= set(reader.fieldnames or ()):
        raise ConfigurationError(f"{file} is no export of a wall: its first line must name the columns name and text.")
    return [{**row, "name": row["name"] or ""} for row in rows]


def _row(entry: Any) -> dict[str, Any]:
    """The columns of feedback; raises Unfit or ValueError with a sentence."""
    if not isinstance(entry, dict):
        raise ValueError("This is no entry.")
    state, reason = entry.get("state") or "public", entry.get("reason")
    if state not in STATES:
        raise ValueError(f"There is no such state. There are {', '.join(STATES)}.")
    if reason is not None and reason not in REASONS:
        raise ValueError(f"There is no such reason. There are {', '.join(REASONS)}.")
    times = {name: _time(entry.get(name), name) for name in TIMES}
    at = times["created_at"] or datetime.now(UTC)
    name, text = _words(entry, "name", NAME_LENGTH, NAME_CODE_POINTS, lines=False), _words(entry, "text")
    if is_blank(text):
        raise ValueError("There is no text.")
    row = {
        "state": state,
        "reason": reason if state == "held" else None,
        "name": name,
        "text": text,
        **times,
        "created_at": at,
        "changed_at": at,
        "pinned_at": times["pinned_at"] if state == "public" else None,
        # Without a time it would never be blanked.
        "removed_at": (times["removed_at"] or at) if state == "removed" else None,
        "answer": _words(entry, "answer") or None,
        "answered_by": None,
    }
    if row["answer"]:
        row["answered_by"] = _words(entry, "answered_by", NAME_LENGTH, NAME_CODE_POINTS, lines=False)[:NAME_LENGTH]
        row["answered_at"] = times["answered_at"] or at
    else:
        row["answered_at"] = None
    given = entry.get("key")
    if given is not None and not (isinstance(given, str) and 0 < len(given) <= 64 and given.isalnum()):
        raise ValueError("Its key is not as it should be.")
    said = "\0".join((str(entry.get("number")), at.isoformat(), name, text))
    row["key"] = given or hashlib.sha256(said.encode()).hexdigest()
    return row


def _words(
    entry: Mapping[str, Any],
    column: str,
    most: int = TEXT_LENGTH,
    most_code_points: int = TEXT_CODE_POINTS,
    *,
    lines: bool = True,
) -> str:
    value = entry.get(column)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{column} is no text.")
    return clean(value or "", most=most, most_code_points=most_code_points, lines=lines)


def _time(value: Any, column: str) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{column} is no time such as 2026-01-31T12:00:00+00:00.") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
