"""Parses an entry of an imported file: validated like user input, and made into a row."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...models.act import IMPORTED
from ...models.base import EntryState, Hold
from ...models.feedback import NAME_CODE_POINTS, NAME_LENGTH, TEXT_CODE_POINTS, TEXT_LENGTH
from ...text.cleaning import clean, fitting, is_blank

STATES = tuple(EntryState)
REASONS = (Hold.ALL, Hold.FIRST, Hold.LINKS, "address", "blocked")
TIMES = ("created_at", "edited_at", "pinned_at", "removed_at", "answered_at")
# Not all databases and browsers support other years.
YEARS = range(1970, 2201)
# Leaves room for later ids in every database, and below the exact integers of JavaScript.
LARGEST_NUMBER = 2**52


def parse_entry(entry: Any) -> dict[str, Any]:
    """The entry by columns of feedback; `id` may be None. Raises InvalidText or ValueError with a sentence."""
    if not isinstance(entry, dict):
        raise ValueError("This is no entry.")
    state, reason = entry.get("state") or EntryState.PUBLIC, entry.get("reason")
    if state not in STATES:
        raise ValueError(f"There is no such state. There are {', '.join(STATES)}.")
    if reason is not None and reason not in REASONS:
        raise ValueError(f"There is no such reason. There are {', '.join(REASONS)}.")
    times = {name: time(entry.get(name), name) for name in TIMES}
    at = times["created_at"] or datetime.now(UTC)
    name, text = words(entry, "name", NAME_LENGTH, NAME_CODE_POINTS, lines=False), words(entry, "text")
    if is_blank(text):
        raise ValueError("There is no text.")
    row: dict[str, Any] = {
        "id": number(entry.get("number")),
        "state": state,
        "reason": reason if state == EntryState.HELD else None,
        "name": name,
        "text": text,
        **times,
        "created_at": at,
        "changed_at": at,
        "pinned_at": times["pinned_at"] if state == EntryState.PUBLIC else None,
        # Retention needs a time, or it would never blank the entry.
        "removed_at": (times["removed_at"] or at) if state == EntryState.REMOVED else None,
        "answer": words(entry, "answer") or None,
        "answered_by": None,
    }
    if row["answer"]:
        by = words(entry, "answered_by", NAME_LENGTH, NAME_CODE_POINTS, lines=False)
        row["answered_by"] = fitting(by, NAME_LENGTH)
        row["answered_at"] = times["answered_at"] or at
    else:
        row["answered_at"] = None
    given = entry.get("key")
    if given is not None and not (isinstance(given, str) and 0 < len(given) <= 64 and given.isalnum()):
        raise ValueError("Its key is not as it should be.")
    content = "\0".join((str(entry.get("number")), at.isoformat(), name, text))
    row["key"] = given or hashlib.sha256(content.encode()).hexdigest()
    author = entry.get("author")
    if author is not None and not (isinstance(author, str) and 0 < len(author) <= 64 and author.isascii()):
        raise ValueError("Its author is not as it should be.")
    row["author"] = author or foreign(row["key"])
    return row


def foreign(author: str) -> str:
    """A pseudonym that is distinct within the file, and matches no visitor here."""
    return author if author.startswith(IMPORTED) else IMPORTED + hashlib.sha256(author.encode()).hexdigest()[:48]


def number(value: Any) -> int | None:
    """An id, as a number or as text from CSV; None stays None. Raises ValueError with a sentence."""
    if value is None:
        return None
    digits = str(value) if type(value) in (int, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 17 and 0 < int(digits) <= LARGEST_NUMBER):
        raise ValueError("Its number is not as it should be.")
    return int(digits)


def words(
    entry: Mapping[str, Any],
    column: str,
    most: int = TEXT_LENGTH,
    most_code_points: int = TEXT_CODE_POINTS,
    *,
    lines: bool = True,
) -> str:
    """The cleaned text of a column. Raises InvalidText or ValueError with a sentence."""
    value = entry.get(column)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{column} is no text.")
    return clean(value or "", most=most, most_code_points=most_code_points, lines=lines)


def time(value: Any, column: str) -> datetime | None:
    """A time in ISO 8601, UTC without an offset; None stays None. Raises ValueError with a sentence."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{column} is no time such as 2026-01-31T12:00:00+00:00.") from None
    if at.year not in YEARS:
        raise ValueError(f"{column} is in the year {at.year}, and a wall has times from {YEARS[0]} to {YEARS[-1]}.")
    return at
