"""The chart: from sent to seen by how many listeners, as a small SVG that is light or dark as its reader is."""

import math
from collections.abc import Sequence

from .quantiles import Quantiles
from .report import Listening, Report

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 56, 44
STYLE = (
    ":root{color-scheme:light dark}"
    "text{font:13px system-ui,sans-serif;fill:#24292f}.quiet{fill:#57606a}.grid{stroke:#d0d7de}"
    "path{fill:none;stroke-width:2.5}.same{stroke:#0a7d55}.other{stroke:#9a5b00}.raw{stroke:#57606a}"
    ".raw{stroke-dasharray:5 4}"
    "rect{fill:#fff}@media(prefers-color-scheme:dark){rect{fill:#0d1117}text{fill:#e6edf3}.quiet{fill:#9198a1}"
    ".grid{stroke:#30363d}.same{stroke:#3fb98a}.other{stroke:#e0a33a}.raw{stroke:#9198a1}}"
)
LINES = (("same", "same process"), ("other", "another process"), ("raw", "raw socket writer"))


def chart(report: Report) -> str:
    """Both axes are logarithmic: ten times as many are as far away anywhere."""
    points = report.listening
    across = _Scale([each.listeners for each in points], LEFT, WIDTH - RIGHT)
    up = _Scale([each.p99 for point in points for each in _values(point)], HEIGHT - BOTTOM, TOP)
    machine = report.machine
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="title"><title id="title">{_said(points)}</title><style>{STYLE}</style>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        f'<text x="{LEFT}" y="22">Milliseconds from sent to seen, 99 in 100 listeners</text>',
        f'<text x="{WIDTH - RIGHT}" y="22" text-anchor="end" class="quiet">{machine.processors} processors, '
        f"{machine.day}</text>",
    ]
    for mark in up.marks():
        y = up(mark)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="quiet" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{mark:,.0f}</text>')
    for each in points:
        x, y = across(each.listeners), HEIGHT - BOTTOM + 22
        parts.append(f'<text class="quiet" x="{x}" y="{y}" text-anchor="middle">{each.listeners:,}</text>')
    for number, (name, label) in enumerate(LINES):
        places = " L".join(f"{across(each.listeners)},{up(getattr(each, name).p99)}" for each in points)
        x = LEFT + 180 * number
        parts.append(f'<path class="{name}" d="M{places}"/><path class="{name}" d="M{x},40 h24"/>')
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
        """Ones, twos and fives within it."""
        steps = [one * 10**power for power in range(-1, 6) for one in (1, 2, 5)]
        return [step for step in steps if self.least <= step <= self.most]


def _values(point: Listening) -> tuple[Quantiles, ...]:
    return point.same, point.other, point.raw


def _said(points: Sequence[Listening]) -> str:
    return "; ".join(f"{each.listeners:,} listeners: {each.same.p99:.0f} ms" for each in points)
