"""The commands about moderators."""

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedback_app.cli import commands
from feedback_app.config import ConfigurationError

from ..support import OURS, PASSWORD, Process, environment, log_in, run, variables

Order = Callable[..., Result]


@pytest.fixture
def order(data: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    """Gives a command that starts with `moderator`, and what is typed into it."""
    for name, value in variables(data).items():
        monkeypatch.setenv(name, value)
    return lambda *words, typed="": CliRunner().invoke(commands, ["moderator", *words], input=typed)


def test_moderators_are_added_listed_given_walls_and_removed(order: Order, data: Path) -> None:
    assert run(data, "wall", "add", "team").returncode == 0
    added = order("add", "Ann  B", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (added.exit_code, added.stderr) == (0, "")
    assert "has no wall yet" in added.stdout
    more = ("--wall", "main", "--wall", "team", "--role", "owner", "--password-stdin")
    assert order("add", "Bob", *more, typed=PASSWORD).exit_code == 0
    assert order("list").stdout == "Ann B\t\nBob\tmain (owner), team (owner)\n"

    assert "already" in str(order("add", "ANN b").exception)
    assert order("add", "ann b", "--wall", "team").stdout == "Ann B may log in, as moderator of team.\n"
    assert "Ann B\tteam (moderator)\n" in order("list").stdout

    removed = order("remove", "bob").stdout
    assert [line.split()[2] for line in removed.splitlines() if line.startswith("Nobody owns")] == ["main", "team"]
    assert order("list").stdout == "Ann B\tteam (moderator)\n"


IMPOSSIBLE = [
    (("add", "Ann", "--password-stdin"), "short", "too short"),
    (("add", "Ann", "--password-stdin"), "", "too short"),
    (("add", "Ann", "--password-stdin"), "x" * 10_000, "too long"),
    (("add", "Ann", "--password-stdin"), "qwertyuiop123", "too easy to guess"),
    (("add", "Ann"), PASSWORD, "no terminal"),
    (("add", "", "--password-stdin"), PASSWORD, "1 to 80"),
    (("add", "\x1b", "--password-stdin"), PASSWORD, "1 to 80"),
    (("add", "x" * 81, "--password-stdin"), PASSWORD, "too long"),
    (("add", "Ann", "--password-stdin", "--wall", "none"), PASSWORD, "no wall none"),
    (("password", "Ann", "--password-stdin"), PASSWORD, "no moderator Ann"),
    (("remove", "Ann"), "", "no moderator Ann"),
]


def test_what_cannot_be_is_one_clear_sentence(order: Order) -> None:
    for words, typed, sentence in IMPOSSIBLE:
        outcome = order(*words, typed=typed)
        assert isinstance(outcome.exception, ConfigurationError), words
        assert sentence in str(outcome.exception), words
        assert "\n" not in str(outcome.exception), words
        assert order("list").stdout == "", words


def test_the_password_is_never_an_argument(order: Order) -> None:
    assert order("add", "Ann", "--password", PASSWORD).exit_code == 2
    assert order("add", "Ann", PASSWORD).exit_code == 2


def test_the_password_is_asked_for_twice_and_not_shown(data: Path) -> None:
    outside, inside = pty.openpty()
    started = subprocess.Popen(
        [sys.executable, "-m", "feedback_app", "moderator", "add", "Ann"],
        env=environment(data),
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    shown = b""
    for question, typed in ((b"Password: ", PASSWORD), (b"again: ", PASSWORD + "x")) * 2:
        while not shown.endswith(question):
            shown += os.read(outside, 1000)
        last_time = shown.count(b"not match") == 1
        os.write(outside, f"{PASSWORD if last_time else typed}\n".encode())
        shown += b"<typed>"
    with suppress(OSError):
        while chunk := os.read(outside, 1000):
            shown += chunk
    os.close(outside)
    assert started.wait(30) == 0, shown
    assert PASSWORD.encode() not in shown
    assert b"Ann may log in" in shown


async def test_a_new_password_and_a_removal_take_effect_on_a_running_server_immediately(
    process: Callable[..., Process], order: Order
) -> None:
    """The commands run in another process."""
    server = process()

    async def done(*words: str, typed: str = "") -> None:
        assert (await asyncio.to_thread(order, *words, typed=typed)).exit_code == 0

    await done("add", "Ann", "--password-stdin", "--wall", "main", typed=PASSWORD)
    async with server.client() as browser:
        browser.headers.update(OURS)
        assert (await log_in(browser, "Ann")).status_code == 303
        assert (await browser.get("/settings/account")).status_code == 200
        await done("password", "ann", "--password-stdin", typed="another four words")
        assert (await browser.get("/settings/account")).status_code == 303
        assert (await log_in(browser, "Ann")).status_code == 401
        assert (await log_in(browser, "Ann", "another four words")).status_code == 303
        await done("remove", "Ann")
        assert (await browser.get("/settings/account")).status_code == 303
        assert (await log_in(browser, "Ann", "another four words")).status_code == 401
