"""File ownership: commands by another user. Root becomes the owner; every other user is rejected."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from feedback_app.installation import ownership

from ..support import run
from ..support.operators import COMMANDS, SERVICE, STRANGER, give, owners, place, typed

pytestmark = [
    pytest.mark.sqlite,
    pytest.mark.skipif(os.geteuid() != 0, reason="Only root can be several users."),
]
# They do nothing to files that another one of these does not.
QUICK_TO_TRUST = ("hide", "publish", "remove", "migrate", "check")
MAKING = {("wall", "add"), ("moderator", "add"), ("migrate",), ("import", "main")}


@pytest.fixture
def folder(data: Path) -> Iterator[Path]:
    """An installation of the service, and beside it a backup and an export that are root's alone."""
    with place() as around:
        shutil.copytree(data, around / "data")
        assert run(around / "data", "backup", str(around / "roots.sqlite3")).returncode == 0
        assert run(around / "data", "export", "main", "--output", str(around / "roots.json")).returncode == 0
        (around / "data").chmod(0o700)
        for each in (around / "data").iterdir():
            each.chmod(0o600)
        give(around / "data", SERVICE)
        yield around / "data"


def words_for(command: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    given = {"own": folder / "own", "other": folder.parent / "roots", "slug": "team", "name": "Ann"}
    return tuple(word.format(**given) for word in command)


def test_whatever_root_types_every_file_stays_the_services(folder: Path) -> None:
    """Also where the file that a command reads is root's own; one that it would write elsewhere is refused."""
    for command in COMMANDS:
        if command[0] in QUICK_TO_TRUST:
            continue
        words = words_for(command, folder)
        outcome = typed(folder, *words, stdin="four words that differ\n")
        assert "Traceback" not in outcome.stderr, (words, outcome.stderr)
        if words[:2] == ("backup", f"{folder.parent}/roots.sqlite3"):
            assert (outcome.returncode, "name a file that" in outcome.stderr) == (1, True), outcome.stderr
        else:
            assert outcome.returncode == 0, (words, outcome.stderr)
        assert set(owners(folder).values()) == {(SERVICE, 0)}, (words, owners(folder))


def test_another_user_is_told_the_line_to_type_and_changes_nothing(folder: Path) -> None:
    before = {each.name: each.stat().st_mtime_ns for each in folder.iterdir()}
    for command in (("wall", "list"), ("rotate-secret", "--forget"), ("check",), ("serve", "--port", "0")):
        outcome = typed(folder, *command, user=STRANGER)
        assert outcome.returncode == 1, outcome
        said = outcome.stderr + outcome.stdout
        assert f"setpriv --reuid {SERVICE} --regid {SERVICE} --clear-groups env FEEDBACK_DATA={folder}" in said
        assert "Traceback" not in said
        assert command == ("check",) or len(outcome.stderr.splitlines()) == 1
    assert {each.name: each.stat().st_mtime_ns for each in folder.iterdir()} == before


def test_a_file_that_another_user_left_behind_is_named(folder: Path) -> None:
    """As a command of an earlier version did."""
    (folder / "secret_key").write_text("long-enough-and-not-guessable")
    os.chown(folder / "secret_key", 0, 0)
    outcome = typed(folder, "serve", "--port", "0", user=SERVICE)
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (1, 1), outcome.stderr
    assert f"{folder}/secret_key" in outcome.stderr
    assert "secret_key is of root: chown" in typed(folder, "check").stdout


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_that_asks_makes_no_installation(command: tuple[str, ...], tmp_path: Path) -> None:
    """And one that makes an installation says where."""
    data = tmp_path / "data"
    words = words_for(command, data)
    makes = words[:2] in MAKING or words in MAKING
    if words[0] in ("import", "restore"):
        (tmp_path / "roots.json").write_text("name,text\nAnn,Hello\n")
        shutil.copy(__file__, tmp_path / "roots.sqlite3")
    outcome = run(data, *words) if "--password-stdin" not in words else typed(data, *words, stdin="x" * 3)
    assert data.exists() == makes, outcome
    assert ("Made an installation in" in outcome.stderr) == makes, outcome.stderr
    if not makes:
        assert outcome.returncode == 1
        said = outcome.stderr + outcome.stdout
        assert words[0] == "restore" or str(data) in said


def test_a_folder_that_is_roots_itself_is_left_to_root(data: Path) -> None:
    assert run(data, "rotate-secret").returncode == 0
    assert {uid for uid, _ in owners(data).values()} == {0}


def test_everything_that_is_written_is_for_its_owner_alone(data: Path, tmp_path: Path) -> None:
    for words in (("backup", str(tmp_path / "b")), ("export", "main", "--output", str(tmp_path / "e"))):
        assert run(data, *words).returncode == 0
    assert [(tmp_path / name).stat().st_mode & 0o077 for name in ("b", "e")] == [0, 0]


def test_a_folder_that_is_open_to_others_is_warned_of(process: Callable[..., Any], data: Path) -> None:
    data.chmod(0o755)
    assert ownership.is_open_to_others(data)
    outcome = run(data, "check")
    assert (outcome.returncode, "WARNING" in outcome.stdout, "chmod 700" in outcome.stdout) == (0, True, True)
