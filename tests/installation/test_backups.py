"""Backups: complete, taken while people write, and restorable."""

import asyncio
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ..support import Process, damage, post, run, until, words

pytestmark = pytest.mark.sqlite


async def test_a_backup_during_a_storm_holds_every_post_acknowledged_before_and_brings_it_back(
    process: Callable[..., Process], tmp_path: Path
) -> None:
    server, copy = process(FEEDBACK_DEFENCES="off"), tmp_path / "copy.sqlite3"
    acknowledged: set[str] = set()
    is_over = asyncio.Event()

    async def write(poster: int) -> None:
        async with server.client() as client:
            number = 0
            while not is_over.is_set():
                text = f"Post {number} of {poster}"
                assert (await post(client, text=text)).status_code == 201
                acknowledged.add(text)
                number += 1

    posters = [asyncio.create_task(write(each)) for each in range(4)]
    await until(lambda: len(acknowledged) >= 20, 40)
    before = set(acknowledged)
    outcome = await asyncio.to_thread(run, server.data, "backup", str(copy))
    is_over.set()
    await asyncio.gather(*posters)

    assert outcome.returncode == 0, outcome.stderr
    assert re.search(r"1 walls, \d+ feedback, and is intact. SHA-256: [0-9a-f]{64}", outcome.stdout)
    assert [path.name for path in tmp_path.glob("*copy*")] == ["copy.sqlite3"]  # noqa: ASYNC240 - nobody else waits.
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {text for (text,) in connection.execute("SELECT text FROM feedback")}
    assert before <= stored <= acknowledged

    refused = await asyncio.to_thread(run, server.data, "restore", str(copy), "--force")
    assert (refused.returncode, "Stop it first" in refused.stderr) == (1, True)
    assert server.stop() == 0
    assert run(server.data, "restore", str(copy)).returncode == 1
    restored = run(server.data, "restore", str(copy), "--force")
    assert restored.returncode == 0, restored.stderr
    (aside,) = server.data.glob("*.before-*[0-9]")
    assert str(aside) in restored.stdout
    await asyncio.to_thread(server.start)
    async with server.client() as client:
        assert (await post(client, text="After")).status_code == 201
        assert (await words(client))[0] == "After"
    with closing(sqlite3.connect(server.data / "feedback.sqlite3")) as connection:
        assert {text for (text,) in connection.execute("SELECT text FROM feedback")} == stored | {"After"}


def test_a_backup_overwrites_only_what_it_is_told_to(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_text("Something else")
    refused = run(data, "backup", str(copy))
    assert (refused.returncode, len(refused.stderr.splitlines()), copy.read_text()) == (1, 1, "Something else")
    assert run(data, "backup", str(copy), "--force").returncode == 0
    assert run(data, "backup", str(tmp_path / "none" / "copy")).returncode == 1


@pytest.mark.parametrize("fault", ["missing", "garbage", "empty", "foreign", "newer", "cut", "damaged"])
def test_what_is_no_backup_of_ours_is_not_restored(data: Path, tmp_path: Path, fault: str) -> None:
    copy = tmp_path / "copy"
    assert run(data, "backup", str(copy)).returncode == 0
    if fault == "missing":
        copy.unlink()
    elif fault == "garbage":
        copy.write_bytes(b"No database. " * 500)
    elif fault == "cut":
        copy.write_bytes(copy.read_bytes()[:8192])
    elif fault == "damaged":
        damage(copy)
    elif fault == "empty":
        copy.write_bytes(b"")
    else:
        with closing(sqlite3.connect(copy)) as connection:
            newer = "UPDATE alembic_version SET version_num = '9999'"
            connection.execute(newer if fault == "newer" else "DROP TABLE alembic_version")
            connection.commit()
    before = (data / "feedback.sqlite3").read_bytes()
    outcome = run(data, "restore", str(copy), "--force")
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (1, 1), outcome.stderr
    assert (data / "feedback.sqlite3").read_bytes() == before


def test_no_backup_is_made_of_a_damaged_database_and_that_one_is_named(data: Path, tmp_path: Path) -> None:
    damage(data / "feedback.sqlite3")
    outcome = run(data, "backup", str(tmp_path / "copy"))
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (1, 1), outcome.stderr
    assert f"{data / 'feedback.sqlite3'} is no whole SQLite database" in outcome.stderr
    assert list(tmp_path.glob("*copy*")) == []


def test_a_backup_makes_an_installation_where_there_was_none(data: Path, tmp_path: Path) -> None:
    assert run(data, "wall", "add", "team").returncode == 0
    assert run(data, "backup", str(tmp_path / "copy")).returncode == 0
    assert run(tmp_path / "new", "restore", str(tmp_path / "copy")).returncode == 0
    assert run(tmp_path / "new", "wall", "list").stdout == "main\tFeedback\nteam\tteam\n"


@pytest.mark.parametrize(
    ("url", "tools"),
    [
        ("postgresql://wall:secret@db.example/wall", {"backup": "pg_dump", "restore": "pg_restore"}),
        ("mysql://wall:secret@db.example/wall", {"backup": "mariadb-dump", "restore": "mariadb --host"}),
    ],
)
def test_for_a_server_the_native_tool_is_named(tmp_path: Path, url: str, tools: dict[str, str]) -> None:
    for command, tool in tools.items():
        outcome = run(tmp_path / "data", command, "x", FEEDBACK_DATABASE_URL=url)
        assert (outcome.returncode, len(outcome.stderr.splitlines())) == (1, 1)
        assert tool in outcome.stderr
        assert "secret" not in outcome.stderr
