"""The map of the house: who may import whom, how full a folder is, and what a template says."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from feedback_app.app import create_app

from .. import ROOT
from .draw_rooms import FILE, drawing
from .rooms import PACKAGE, RANK, imports_of, room_of, rooms

# What the package itself offers to every room.
EVERYWHERE = {"PACKAGE", "__version__", "sqlite_fault"}
MOST_ENTRIES = {PACKAGE: 20, ROOT / "tests": 20}


@pytest.mark.parametrize("path", rooms(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_the_rooms_before_it(path: Path) -> None:
    room = room_of(path)
    ours, others = imports_of(path)
    if room in ("__init__", "__main__"):
        return
    before = {each for each, rank in RANK.items() if rank < RANK[room]}
    assert ours <= before | {room} | EVERYWHERE
    if path not in (PACKAGE / "cli" / "serve.py", PACKAGE / "bench" / "no_storage_server.py"):
        assert "app" not in ours
    if room in ("text", "models"):
        assert not others & {"quart", "wtforms"}
        assert "await " not in path.read_text()


@pytest.mark.parametrize("path", rooms(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_models_and_database_write_sql(path: Path) -> None:
    """Other rooms run the statements of models. `installation` copies and checks whole databases, table by table."""
    if room_of(path) in ("models", "database", "installation"):
        return
    taken = {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy"
        for alias in node.names
    }
    assert taken <= {"URL", "make_url"}


def test_no_folder_is_too_full() -> None:
    folders = {path.parent for root in (PACKAGE, ROOT / "tests") for path in root.rglob("*.py")}
    for folder in folders:
        entries = [each for each in folder.iterdir() if each.name != "__pycache__"]
        assert len(entries) <= MOST_ENTRIES.get(folder, 15), folder


def test_commands_start_without_quart() -> None:
    program = (
        "import sys, feedback_app.cli as cli\n"
        "for name in cli.COMMANDS:\n"
        "    if name not in ('serve', 'worker'): cli.commands.get_command(None, name)\n"
        "sys.exit('quart' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.*")), ids=lambda path: path.name)
def test_every_template_says_what_it_needs_and_has_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("{# Needs"), "The first line says what the template needs."
    assert not re.search(r'\sstyle="|<script>|<style|hx-on|\son\w+="|js:|\|\s*safe', text)


def test_no_file_has_grown_too_long() -> None:
    for path in rooms():
        assert len(path.read_text().splitlines()) <= 300, path


def test_the_asgi_layers_stand_in_their_order(tmp_path: Path) -> None:
    """A layer outside of the body limit reads no body, and the log sees what all the others refuse."""
    layer = create_app(data=tmp_path, base_url="https://example.com/below", trusted_proxies=1).asgi_app
    names = []
    while hasattr(layer, "app"):
        names.append(type(layer).__name__.removesuffix("Middleware"))
        layer = layer.app
    assert names == [
        "AccessLog", "ProxyHeaders", "SubPath", "TrustedHost", "PageCache", "BodyLimit", "PostFastPath", "WallIndex",
        "Stream",
    ]  # fmt: skip


def test_the_drawing_of_the_rooms_shows_them_as_they_are() -> None:
    """Only the numbers of lines may lag behind: they change with every commit."""

    def without_lines(svg: str) -> str:
        return re.sub(r"(\d+)·\d+<", r"\1<", svg)

    assert without_lines(FILE.read_text()) == without_lines(drawing()), "Draw it again with: make drawing"
