"""Runs commands as root or another user, for tests of file ownership."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from .. import ROOT
from ..programs.fork_server import Program
from . import environment

SERVICE, STRANGER = 10001, 10002
# Commands with arguments. `{other}` is a file of root that the service may not read, `{own}` one in the data folder.
COMMANDS = (
    ("check",),
    ("wall", "list"),
    ("wall", "add", "{slug}"),
    ("moderator", "list"),
    ("moderator", "add", "{name}", "--wall", "main", "--password-stdin"),
    ("moderator", "password", "{name}", "--password-stdin"),
    ("moderator", "remove", "{name}"),
    ("demo", "--count", "1", "--every", "0.05"),
    ("hide", "1"),
    ("publish", "1"),
    ("remove", "1"),
    ("export", "main", "--output", "{own}.json"),
    ("import", "main", "{other}.json"),
    ("backup", "{own}.sqlite3", "--force"),
    ("backup", "{other}.sqlite3", "--force"),
    ("restore", "{own}.sqlite3", "--force"),
    ("restore", "{other}.sqlite3", "--force"),
    ("copy", "--to", "sqlite:///{own}-copy.sqlite3"),
    ("rotate-secret",),
    ("rotate-secret", "--forget"),
    ("migrate",),
)


CHECKOUT = ROOT


def become_user(user: int) -> list[str]:
    return ["setpriv", "--reuid", f"{user}", "--regid", f"{user}", "--clear-groups"]


@cache
def others_can_run() -> bool:
    command = [*become_user(STRANGER), sys.executable, "-c", "import feedback_app.cli"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, check=False).returncode == 0


@contextmanager
def place() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="feedback-operator-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def typed(data: Path, *words: str, user: int | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in the folder around `data`, as root or as `user`."""
    variables = environment(data, FEEDBACK_DATABASE_URL="")
    if user is not None:
        variables["PYTHONPATH"] = str(CHECKOUT)
        if not others_can_run():
            pytest.skip("Another user cannot run this Python, or cannot read this checkout.")
    become = [] if user is None else become_user(user)
    command = [*become, sys.executable, "-m", "feedback_app", *words]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with Program(command, env=variables, cwd=data.parent, text=True, **pipes) as program:  # type: ignore[call-overload]
        output, errors = program.communicate(stdin, timeout=60)
    return subprocess.CompletedProcess(command, program.returncode, output, errors)


def give(folder: Path, user: int) -> None:
    """Give the folder and its files to a user."""
    for each in (folder, *folder.rglob("*")):
        os.chown(each, user, user)


def owners(folder: Path) -> dict[str, tuple[int, int]]:
    """By file name, its owner and the mode bits for others."""
    return {each.name: (each.stat().st_uid, each.stat().st_mode & 0o077) for each in (folder, *folder.iterdir())}
