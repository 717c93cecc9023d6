"""Rate limit notation: parse `5/minute;30/hour`."""

import re
from datetime import timedelta
from typing import NamedTuple

UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=30),
    "year": timedelta(days=360),
}
RATE = re.compile(rf"\s*([0-9]{{1,9}})\s*(?:/|\bper\b)\s*([0-9]{{1,4}})?\s*({'|'.join(UNITS)})s?\s*", re.IGNORECASE)
BETWEEN = re.compile(r"[;,|]")


class Rate(NamedTuple):
    """At most `amount` events within any `window`."""

    amount: int
    window: timedelta


def rates_in(text: str) -> list[Rate]:
    """Parse rates such as `5/minute` or `20 per 2 hours`, separated by `;`.

    Raises ValueError when one is malformed.
    """
    return [_rate(each) for each in BETWEEN.split(text)]


def _rate(text: str) -> Rate:
    found = RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not written like 5/minute.")
    amount, units, unit = found.groups()
    return Rate(int(amount), int(units or 1) * UNITS[unit.lower()])
