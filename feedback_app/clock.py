"""The clock: the one place that says what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
