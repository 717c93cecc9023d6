"""Charts of times by a number, as a small SVG with a light and a dark theme."""

import math
from collections.abc import Mapping, Sequence

from .report import Machine, Report

WIDTH, HEIGHT = 640, 344
LEFT, RIGHT, TOP, BOTTOM = 64, 40, 64, 64
STYLE = (
    ":root{color-scheme:light dark}"
    "text{font:13px system-ui,sans-serif;fill:#24292f}.quiet{fill:#57606a}.grid{stroke:#d0d7de}"
    "path{fill:none;stroke-width:2.5}.first{stroke:#0a7d55}.second{stroke:#9a5b00}.third{stroke:#57606a}"
    ".third{stroke-dasharray:5 4}"
    "rect{fill:#fff}@media(prefers-color-scheme:dark){rect{fill:#0d1117}text{fill:#e6edf3}.quiet{fill:#9198a1}"
    ".grid{stroke:#30363d}.first{stroke:#3fb98a}.second{stroke:#e0a33a}.third{stroke:#9198a1}}"
)
KINDS = ("first", "second", "third")


def chart(report: Report) -> str:
    """The chart of broadcast latency (p99) by the number of listeners."""
    results = report.listening
    lines = {
        "same process": [each.same.p99 for each in results],
        "another process": [each.other.p99 for each in results],
        "raw socket writer": [each.raw.p99 for each in results],
    }
    text = "; ".join(f"{each.listeners:,} listeners: {each.same.p99:.0f} ms" for each in results)
    title = "Milliseconds from sent to seen, 99 in 100 listeners"
    return draw(title, text, [each.listeners for each in results], lines, report.machine)


def draw(
    title: str,
    text: str,
    numbers: Sequence[int],
    lines: Mapping[str, Sequence[float]],
    machine: Machine,
    *,
    within: Sequence[float] = (),
) -> str:
    """A chart of up to three lines of milliseconds, with a value per number. `text` is its text for screen readers.

    Both axes are logarithmic. The vertical one includes the values in `within`.
    """
    across = _Scale(numbers, LEFT, WIDTH - RIGHT)
    up = _Scale([*within, *(each for line in lines.values() for each in line)], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="title"><title id="title">{text}</title><style>{STYLE}</style>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        f'<text x="{LEFT}" y="22">{title}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 14}" text-anchor="end" class="quiet">{machine.processors} processors, '
        f"{machine.day}</text>",
    ]
    for mark in up.marks():
        y = up(mark)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="quiet" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{mark:,g}</text>')
    for number in numbers:
        x, y = across(number), HEIGHT - BOTTOM + 22
        parts.append(f'<text class="quiet" x="{x}" y="{y}" text-anchor="middle">{number:,}</text>')
    for place, (kind, (label, line)) in enumerate(zip(KINDS, lines.items(), strict=True)):
        path = " L".join(f"{across(number)},{up(value)}" for number, value in zip(numbers, line, strict=True))
        x = LEFT + 180 * place
        parts.append(f'<path class="{kind}" d="M{path}"/><path class="{kind}" d="M{x},40 h24"/>')
        parts.append(f'<text x="{x + 32}" y="44">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.least, self.most = max(0.1, min(values)), max(values)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        share = math.log(value / self.least) / (math.log(self.most / self.least) or 1)
        return round(self.start + (self.end - self.start) * share, 1)

    def marks(self) -> list[float]:
        """The ticks: 1, 2 and 5 times powers of ten."""
        steps = [one * 10**power for power in range(-1, 6) for one in (1, 2, 5)]
        return [step for step in steps if self.least <= step <= self.most]
