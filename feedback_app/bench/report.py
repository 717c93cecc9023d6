"""The report of a measurement: a table, and with `dataclasses.asdict` the JSON of `bench --json`."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .quantiles import Quantiles


@dataclass(frozen=True)
class Machine:
    """Where and when it was measured."""

    processors: int = field(default_factory=lambda: os.cpu_count() or 1)
    system: str = field(default_factory=lambda: f"{platform.system()} {platform.machine()}")
    python: str = field(default_factory=platform.python_version)
    day: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())


@dataclass(frozen=True)
class Start:
    """Seconds from the start of the process to the first page, and its memory then."""

    seconds: float
    mebibytes: float | None


@dataclass(frozen=True)
class Rate:
    """Requests per second, of ours and of the reference in the same run."""

    name: str
    reference: str
    connections: int
    per_second: float
    took: Quantiles
    reference_per_second: float
    ratio: float


@dataclass(frozen=True)
class Listening:
    """Broadcast latency over all listeners: ours in the `same` and the `other` process, and the `raw` writer's."""

    listeners: int
    kibibytes: float | None
    same: Quantiles
    other: Quantiles
    raw: Quantiles
    ratio: float


@dataclass(frozen=True)
class Report:
    """Each figure is the median of `repeats`, measured in turns with its reference."""

    machine: Machine
    repeats: int
    start: Start
    rates: list[Rate]
    listening: list[Listening]

    def table(self) -> str:
        """The report in Markdown."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        machine = self.machine
        about = "" if self.repeats == 1 else f", medians of {self.repeats}"
        yield f"{machine.day}, {machine.processors} processors, {machine.system}, Python {machine.python}{about}"
        yield ""
        yield "| from sent to seen by | p50 ms | p95 ms | p99 ms | p99, other process | raw writer | ratio | KiB each |"
        yield "|---:|---:|---:|---:|---:|---:|---:|---:|"
        for each in self.listening:
            cells = (*each.same, each.other.p99, each.raw.p99)
            shown = " | ".join(f"{cell:,.1f}" for cell in cells)
            yield f"| {each.listeners:,} listeners | {shown} | {each.ratio:.2f} | {_shown(each.kibibytes)} |"
        yield ""
        yield "| one worker | a second | p99 ms | reference | a second | ratio |"
        yield "|---|---:|---:|---|---:|---:|"
        for rate in self.rates:
            yield (
                f"| {rate.name}, {rate.connections} at once | {rate.per_second:,.0f} | {rate.took.p99:,.1f} "
                f"| {rate.reference} | {rate.reference_per_second:,.0f} | {rate.ratio:.2f} |"
            )
        yield ""
        yield f"Start to first page {self.start.seconds:.2f} s, memory then {_shown(self.start.mebibytes)} MiB."


def _shown(number: float | None) -> str:
    return "unknown" if number is None else f"{number:.1f}"
