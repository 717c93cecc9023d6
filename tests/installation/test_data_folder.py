"""Data folder: what the first start creates, what later starts reject, and the command line."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import text

import feedback_app
from feedback_app.cli import commands
from feedback_app.models import Feedback, Wall

from ..programs.fork_server import Program
from ..support import Process, Served, damage, environment, post, run, words

DATABASE = "feedback.sqlite3"
NO_SITES = [
    "wall.example",
    "https://wall.example?a=1",
    "https://wall.example#a",
    "https://ann:word@wall.example",
    "https://wall.example:99999",
    "https://wall example",
    "https://wall..example",
    "https://[wall",
]


def test_the_first_start_makes_everything(empty: Path) -> None:
    server = Process(empty)
    assert server.stop() == 0
    assert stat.S_IMODE((empty / "secret_key").stat().st_mode) == 0o600
    assert run(empty, "wall", "list").stdout == "main\tFeedback\n"


def test_four_processes_that_start_at_once_on_nothing_all_come_up(empty: Path) -> None:
    command = [sys.executable, "-m", "feedback_app", "migrate"]
    started = [Program(command, env=environment(empty), stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = "The database is up to date.\n"
    assert [(each.communicate(timeout=60)[0], each.returncode) for each in started] == [(said, 0)] * 4
    assert run(empty, "wall", "list").stdout == "main\tFeedback\n"


def contents(folder: Path) -> dict[str, bytes]:
    """Without what SQLite itself has beside a file that somebody reads."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))}


@pytest.mark.sqlite
@pytest.mark.parametrize("fault", ["gone", "empty", "garbage", "damaged", "newer", "foreign"])
def test_a_database_that_is_not_ours_as_it_should_be_stops_the_start(data: Path, fault: str) -> None:
    """One line, exit code 1, nothing touched or made. The server alone looks at every page."""
    file = data / DATABASE
    for side in ("-wal", "-shm"):
        file.with_name(file.name + side).unlink(missing_ok=True)
    if fault == "gone":
        file.unlink()
    elif fault == "empty":
        file.write_bytes(b"")
    elif fault == "garbage":
        file.write_bytes(b"This is no database. " * 500)
    elif fault == "damaged":
        damage(file)
    else:
        with closing(sqlite3.connect(file)) as connection:
            if fault == "newer":
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
            else:
                connection.execute("DROP TABLE alembic_version")
            connection.commit()
    before = contents(data)

    for command in (("serve", "--port", "0"), ("wall", "list"))[: 1 if fault == "damaged" else 2]:
        outcome = run(data, *command)
        assert outcome.returncode == 1, fault
        assert len(outcome.stderr.strip().splitlines()) == 1, outcome.stderr
        assert outcome.stderr.startswith("feedback-app: ")
    assert contents(data) == before


@pytest.mark.sqlite
def test_an_empty_database_can_be_made_on_purpose(data: Path) -> None:
    (data / DATABASE).unlink()
    assert run(data, "wall", "list").returncode == 1
    assert run(data, "migrate").returncode == 0
    assert run(data, "wall", "list").stdout == "main\tFeedback\n"


NO_RATES = ("many", "0/minute", "5/0 minutes", "5/9999 year", "5/minute;many", ";")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"FEEDBACK_DATABASE_URL": "oracle://x/y"}, "not supported"),
        ({"FEEDBACK_DATABASE_URL": "nonsense"}, "not the address of a database"),
        ({"FEEDBACK_DATABASE_URL": "sqlite:///:memory:"}, "forget every word"),
        ({"FEEDBACK_SECRET_KEY": "short"}, "too short"),
        *(({"FEEDBACK_BASE_URL": each}, "must be an address") for each in NO_SITES),
        *(({"FEEDBACK_POST_LIMIT": each}, "5/minute;30/hour") for each in NO_RATES),
        ({"FEEDBACK_KEEP_REMOVED_DAYS": "999999999999"}, "at most"),
        ({"FEEDBACK_TRUSTED_PROXIES": "two"}, "whole number"),
        ({"FEEDBACK_DEFENCES": "perhaps"}, "on or off"),
        ({"FEEDBACK_DATA": "/proc/none"}, "cannot be made"),
        ({"FEEDBACK_DATA": ""}, "name a folder"),
    ],
)
def test_a_setting_that_cannot_be_is_one_clear_line(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    outcome = run(tmp_path / "data", "serve", "--port", "0", **settings)
    assert outcome.returncode == 1
    assert sentence in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1


def test_walls_are_added_and_wrong_ones_are_not(data: Path) -> None:
    assert run(data, "wall", "add", "team-day", "--title", "Team day").returncode == 0
    assert run(data, "wall", "list").stdout == "main\tFeedback\nteam-day\tTeam day\n"
    for slug in ("team-day", "Upper", "a b", "-x", "x" * 61, "ä"):
        outcome = run(data, "wall", "add", "--", slug)
        assert (outcome.returncode, len(outcome.stderr.splitlines())) == (1, 1), slug


def test_the_demo_posts_and_stops(data: Path) -> None:
    outcome = run(data, "demo", "--every", "0.05", "--count", "3")
    assert (outcome.returncode, len([line for line in outcome.stdout.splitlines() if ": " in line]) >= 3) == (0, True)
    assert run(data, "demo", "nowhere").returncode == 1


def test_a_port_that_is_taken_is_one_clear_line(process: Callable[..., Process]) -> None:
    server = process()
    outcome = run(server.data, "serve", "--port", str(server.port))
    assert outcome.returncode == 1
    assert "--port" in outcome.stderr


def test_every_command_helps() -> None:
    context = click.Context(commands)
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        for more in ((), *((each,) for each in getattr(command, "commands", ()))):
            outcome = CliRunner().invoke(commands, [name, *more, "--help"])
            assert (outcome.exit_code, outcome.stdout.startswith("Usage: ")) == (0, True), (name, *more)


def test_the_version_is_said_in_a_checkout_too() -> None:
    outcome = CliRunner().invoke(commands, ["--version"])
    assert (outcome.exit_code, outcome.stdout) == (0, f"feedback-app, version {feedback_app.__version__}\n")


@pytest.mark.sqlite
def test_every_command_runs_as_a_program_that_has_imported_nothing_before(data: Path) -> None:
    """Most tests get theirs from the fork server."""

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "feedback_app", *words]
        return subprocess.run(program, env=environment(data), capture_output=True, text=True, timeout=60, check=False)

    file, backup = str(data.parent / "wall.json"), str(data.parent / "backup")
    for command in (
        ("wall", "add", "team"),
        ("moderator", "list"),
        ("demo", "--count", "1", "--every", "0.05"),
        ("hide", "1"),
        ("publish", "1"),
        ("remove", "1"),
        ("export", "main", "--output", file),
        ("import", "main", file),
        ("backup", backup),
        ("restore", "--force", backup),
        ("copy", "--to", f"sqlite:///{backup}-copied"),
        ("migrate",),
        ("rotate-secret",),
    ):
        outcome = typed(*command)
        assert outcome.returncode == 0, (command, outcome.stderr)
    assert typed("wall", "list").stdout == "main\tFeedback\nteam\tteam\n"
    assert "7" in typed("hide", "7").stderr


def test_what_is_mistyped_is_one_that_was_meant(tmp_path: Path) -> None:
    outcome = run(tmp_path, "wal")
    assert (outcome.returncode, "Did you mean 'wall'?" in outcome.stderr) == (2, True)


@pytest.mark.sqlite
def test_commands_start_without_what_they_have_no_use_for(data: Path) -> None:
    """Importing all of it takes longer than most of them do."""

    def imported(*words: str) -> set[str]:
        outcome = run(data, *words, PYTHONPROFILEIMPORTTIME="1")
        assert outcome.returncode == 0
        return {line.rsplit("|", 1)[1].strip() for line in outcome.stderr.splitlines() if line.count("|") == 2}

    assert not imported("--help") & {"sqlalchemy", "quart", "uvicorn", "limits"}
    found = imported("wall", "list")
    assert "sqlalchemy" in found
    assert not found & {"quart", "werkzeug", "jinja2", "uvicorn", "babel", "argon2", "alembic", "asyncpg", "asyncmy"}


async def test_hiding_by_command_is_heard_by_a_running_server(process: Callable[..., Process]) -> None:
    server = process()
    async with server.client() as client:
        await post(client, text="Insult")
        assert (await asyncio.to_thread(run, server.data, "hide", "1")).returncode == 0
        assert await words(client) == []
        assert (await asyncio.to_thread(run, server.data, "publish", "1")).returncode == 0
        assert await words(client) == ["Insult"]
        assert (await asyncio.to_thread(run, server.data, "hide", "7")).returncode == 1


@pytest.mark.sqlite
async def test_sqlite_has_its_safe_pragmas(wall: Served) -> None:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000}
    for engine, query_only in ((wall.database.read_engine, 1), (wall.database.write_engine, 0)):
        async with engine.connect() as connection:
            for pragma, value in {**wanted, "query_only": query_only}.items():
                assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar() == value


async def test_one_that_fails_harms_no_other_of_its_batch(wall: Served) -> None:
    def receive(number: int) -> Callable[..., Any]:
        async def work(session: Any) -> int:
            main = (await session.scalars(Wall.locked("main"))).one()
            session.add(main.receive(name="Ann", text=f"{number}", author="a", key="same" if number % 5 == 0 else None))
            await session.flush()
            return number

        return work

    answers = await asyncio.gather(*(wall.database.write(receive(each)) for each in range(20)), return_exceptions=True)
    assert [each for each in answers if isinstance(each, int)] == [
        each for each in range(20) if each % 5 != 0 or each == 0
    ]
    async with wall.database.reading() as session:
        rows = (await session.scalars(Feedback.changed_on(1, after=0, limit=99))).all()
    assert [row.version for row in rows] == list(range(1, 18))
    assert 'data-version="17"' in (await wall.client.get("/walls/main")).text
