"""Draw the rooms and their imports as docs/rooms.svg: `make drawing`. A test compares the file with the imports."""

from collections import Counter
from pathlib import Path

from .. import ROOT
from .rooms import ORDER, PACKAGE, imports_of, room_of, rooms

FILE = ROOT / "docs" / "rooms.svg"
ROW, LEFT, RIGHT, TOP = 34, 150, 560, 16
STYLE = (
    "text{font:14px system-ui,sans-serif;fill:#1b1f24}.n{fill:#59636e;font-size:12px}"
    "rect{fill:#eef1f4;stroke:#8b949e}path{fill:none;stroke:#3a6ea5;stroke-opacity:.55}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#9198a1}rect{fill:#21262d;stroke:#6e7681}"
    "path{stroke:#79b0ea}}"
)


def drawing() -> str:
    """An SVG: one row a room with its number of files and lines, and an arc to each room that it imports."""
    names = [room for line in ORDER for room in line.split()]
    files, lines, imports = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for path in rooms():
        room = room_of(path)
        if room not in names:
            continue
        files[room] += 1
        lines[room] += len(path.read_text().splitlines())
        ours, _ = imports_of(path)
        imports.update((room, other) for other in ours if other in names and other != room)
    middle = {room: TOP + ROW * place + ROW // 2 for place, room in enumerate(names)}
    height = TOP * 2 + ROW * len(names)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {RIGHT} {height}" role="img">',
        "<title>The rooms of the package, in their order, and which rooms each imports</title>",
        f"<style>{STYLE}</style>",
    ]
    for (room, other), count in sorted(imports.items(), key=lambda each: (middle[each[0][0]], middle[each[0][1]])):
        start, end = middle[room], middle[other]
        reach = LEFT + 30 + (start - end) * 0.62
        parts.append(
            f'<path d="M{LEFT} {start}C{reach:.0f} {start} {reach:.0f} {end} {LEFT} {end}" '
            f'stroke-width="{min(0.8 + count * 0.22, 5):.1f}"><title>{room} imports {other}: {count}</title></path>'
        )
    for room in names:
        parts += [
            f'<rect x="10" y="{middle[room] - 13}" width="{LEFT - 10}" height="26" rx="6"/>',
            f'<text x="20" y="{middle[room] + 5}">{room}</text>',
            f'<text class="n" x="{LEFT - 8}" y="{middle[room] + 4}" text-anchor="end">'
            f"{files[room]}·{lines[room]}</text>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def main(file: Path = FILE) -> None:
    file.write_text(drawing())
    print(f"{file.relative_to(ROOT)} shows {PACKAGE.name} as it is.")


if __name__ == "__main__":
    main()
