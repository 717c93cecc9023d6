"""Quantiles of times: median, p95 and p99."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Quantiles(NamedTuple):
    """In milliseconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Quantiles":
        """From times in seconds; zeros without any."""
        ordered = sorted(seconds) or [0.0]
        return cls(*(round(1000 * ordered[int(share * (len(ordered) - 1))], 2) for share in (0.5, 0.95, 0.99)))

    @classmethod
    def median(cls, several: Sequence[Sequence[float]]) -> "Quantiles":
        """The median of each quantile over several runs."""
        return cls(*(round(statistics.median(each), 2) for each in zip(*several, strict=True)))
