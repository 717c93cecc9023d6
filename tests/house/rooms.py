"""The order of the rooms, and what each file of the package imports."""

import ast
from pathlib import Path

from .. import ROOT

PACKAGE = ROOT / "feedback_app"
# The rooms, each of which may import those before it; those of one line do not import each other.
ORDER = (
    "text", "clock", "config", "models", "database", "installation", "web", "antispam", "walls", "accounts",
    "moderation settings", "live", "server", "errors", "app", "bench", "cli",
)  # fmt: skip
RANK = {room: rank for rank, line in enumerate(ORDER) for room in line.split()}


def rooms() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports_of(path: Path) -> tuple[set[str], set[str]]:
    """What of ours, by room, and what of others, by their top name."""
    ours: set[str] = set()
    others: set[str] = set()
    here = path.relative_to(PACKAGE.parent).with_suffix("").parts[:-1]
    tree = ast.parse(path.read_text())
    if path == PACKAGE / "web" / "state.py":  # It names the types of what later rooms make, and imports none of them.
        tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1][1:]
            module = [*base, *(node.module.split(".") if node.module else [])]
            ours |= {module[0]} if module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            others.add(node.module.split(".")[0])
    return ours, others
