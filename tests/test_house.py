"""The map of the house: who may import whom, and what a template says."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "feedback_app"
# What a room may import of ours; rooms that are not named may import any but views and the application.
MAY = {
    "models": {"clock", "folding", "models", "rates"},
    "folding": set(),
    "repair": set(),
    "receiving": {"clock", "limits", "models", "policies"},
    "policies": {"models", "words"},
    "acting": {"clock", "models"},
    "undoing": {"acting", "models"},
    "listing": {"models"},
    "desk": {"addresses", "models", "sentences", "words"},
    "logbook": {"desk", "log_sentences", "models", "sentences", "words"},
    "log_sentences": {"embedders", "languages", "models", "wall_forms"},
    "telling": {"acting", "models", "sentences"},
    "receipts": {"keys"},
    "spreadsheet": set(),
    "limits": {"models", "rates"},
    "clock": set(),
    "sqlite": set(),
    "sentences": set(),
    "languages": {"sentences"},
    "words": {"repair", "sentences"},
    "stamps": {"keys"},
    "authors": {"keys", "models"},
    "visitors": {"keys", "models"},
    "keys": set(),
    "secret": {"clock", "config", "installation", "ownership"},
    "asgi": set(),
    "sub_path": {"asgi"},
    "config": {"rates"},
    "rates": set(),
    "ending": set(),
    "place": {"models"},
    "forms": {"models", "sentences", "words"},
    "guard": {"asgi", "sentences"},
    "proxies": {"asgi", "authors", "config"},
    "addresses": set(),
    "ownership": {"config"},
    "metrics": {"__version__"},
    "logs": {"asgi", "metrics"},
    "readiness": {"backups", "database", "ending", "live", "models"},
    "hosts": {"asgi", "authors", "config"},
    "connections": {"authors", "metrics"},
    "passwords": set(),
    "attempts": {"authors", "clock", "keys", "models"},
    "appointing": {"models"},
    "setting_up": {"clock", "database", "models"},
    "auth": {"sub_path", "attempts", "clock", "database", "finding", "models", "security"},
    "recognising": {"attempts", "auth", "authors", "clock", "database", "models", "passwords", "words"},
    "kept": {"addresses", "security", "sub_path", "words"},
    "account_forms": {"forms", "models", "passwords", "words"},
    "database": {"config", "database", "models"},
    "live/hub": {"asgi"},
    "live/news": {"jinja", "live", "models"},
    "live/wake": {"database"},
    "live/desk": {"desk", "jinja", "live", "models"},
    "live/index": {"asgi", "authors", "clock", "database", "desk", "guard", "jinja", "live", "logs", "models"},
    "live/rights": {"asgi", "clock", "database", "live", "models", "security", "sub_path"},
    "live/purge": {"clock", "database", "models"},
    "live/past": {"database", "ending", "live", "models"},
    "live/freshness": {"database", "ending", "models"},
    "front": {
        "asgi", "clock", "config", "ending", "forms", "guard", "live", "logs", "place", "security", "stamps", "words",
        "writing",
    },
    "writing": {
        "authors", "clock", "config", "database", "forms", "jinja", "keys", "models", "place", "receipts", "receiving",
        "security", "sentences", "stamps", "sub_path", "visitors",
    },
    "forgiving": {"database", "live", "models"},
    "problems": set(),
    "live/teller": {"database", "ending", "live", "metrics", "models"},
    "live/stream": {"asgi", "authors", "clock", "database", "guard", "live", "logs", "metrics", "models"},
    "jinja": {"sub_path", "assets", "languages", "words"},
    "assets": set(),
    "security": {"config", "sub_path", "sentences"},
    "supervisor": {"metrics", "supervisor"},
}  # fmt: skip
QUIET = (
    "models", "clock", "sentences", "languages", "words", "folding", "repair", "stamps", "keys", "authors",
    "visitors", "place", "live/hub", "live/news", "passwords", "attempts", "appointing", "setting_up",
    "acting", "undoing", "listing", "desk", "logbook", "policies", "spreadsheet", "live/desk", "live/purge",
)  # fmt: skip


def rooms() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "/".join(parts) if parts[0] == "live" and parts[-1] != "__init__" else parts[0]


def imports_of(path: Path) -> tuple[set[str], set[str]]:
    """What of ours, by room, and what of others, by their top name."""
    ours: set[str] = set()
    others: set[str] = set()
    here = path.relative_to(PACKAGE.parent).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1][1:]
            module = [*base, *(node.module.split(".") if node.module else [])]
            ours |= {module[0]} if module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            others.add(node.module.split(".")[0])
    return ours, others


@pytest.mark.parametrize("path", rooms(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_room_keeps_to_the_map(path: Path) -> None:
    room = name_of(path)
    ours, others = imports_of(path)
    if room in MAY:
        assert ours <= MAY[room] | ({room} if room in ("models", "database", "front") else set())
    if room in QUIET:
        assert not others & {"quart", "wtforms"}
    if room != "application":
        assert "views" not in ours
    if path not in (PACKAGE / "cli" / "server.py", PACKAGE / "bench" / "forgetful.py"):
        assert "application" not in ours
    if room == "models":
        assert "await " not in path.read_text()
    if room == "views":
        tree = ast.parse(path.read_text())
        taken = {
            (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
            for alias in node.names
        }
        assert taken <= {("sqlalchemy.ext.asyncio", "AsyncSession")}


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.*")), ids=lambda path: path.name)
def test_every_template_says_what_it_needs_and_has_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("{# Needs"), "The first line says what the template needs."
    assert not re.search(r'\sstyle="|<script>|<style|hx-on|\son\w+="|js:|\|\s*safe', text)


def test_no_file_has_grown_too_long() -> None:
    for path in [*rooms(), *(ROOT / "static" / "js").rglob("*.js"), *(ROOT / "static" / "css").glob("*.css")]:
        assert len(path.read_text().splitlines()) <= 300, path
