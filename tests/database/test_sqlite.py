"""SQLite: its version, its pragmas, the write lock, the size of the WAL, and readers that never wait."""

import asyncio
import fcntl
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from feedback_app import sqlite_fault
from feedback_app.cli import commands
from feedback_app.database import Database
from feedback_app.database.sqlite import driver, wal, write_lock
from feedback_app.models import Feedback

from ..bench.database.posting import measure
from ..support import Reader, Served, environment, post, run, until, variables, words
from .test_writer import a_post, locked, stored, submit

pytestmark = pytest.mark.sqlite

# Without this package the program is left with the system's SQLite.
WITHOUT_PYSQLITE3 = "import sys; sys.modules['pysqlite3'] = None; "


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.44.5", "3.50.6", "3.51.2", "3.45.9"])
def test_a_version_with_the_fault_is_known_and_the_cure_is_named(version: str) -> None:
    sentence = sqlite_fault(version)
    assert sentence is not None
    assert version in sentence
    assert "pysqlite3" in sentence


@pytest.mark.parametrize("version", ["3.44.6", "3.50.7", "3.51.3", "3.53.4", "4.0.0"])
def test_a_healthy_version_is_left_in_peace(version: str) -> None:
    assert sqlite_fault(version) is None


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="pysqlite3 is built for Linux on x86-64."
)
async def test_the_database_is_used_by_a_healthy_sqlite(wall: Served) -> None:
    assert find_spec("pysqlite3") is not None
    for engine in (wall.database.read_engine, wall.database.write_engine):
        async with engine.connect() as connection:
            assert sqlite_fault((await connection.execute(text("SELECT sqlite_version()"))).scalar_one()) is None


def test_a_sqlite_with_the_fault_serves_alone_and_warns(data: Path) -> None:
    """With several workers the start fails, with one it warns."""
    system = subprocess.run(
        [sys.executable, "-c", "import sqlite3; print(sqlite3.sqlite_version)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    if sqlite_fault(system) is None:
        pytest.skip(f"The system's SQLite {system} is healthy.")
    start = "from feedback_app.cli import main; sys.argv[1:] = ['serve', '--port', '0']; main()"
    with subprocess.Popen(
        [sys.executable, "-c", WITHOUT_PYSQLITE3 + start],
        env=environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert "The wall is at" in server.stdout.readline()
        server.terminate()
        assert f"SQLite {system} can lose" in server.communicate(timeout=20)[1]
    ask = (
        "from feedback_app.config import Settings; from feedback_app.installation.data_folder import sqlite_warning; "
        "sqlite_warning(Settings(), workers=2)"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYSQLITE3 + ask],
        env=environment(data),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ConfigurationError" in outcome.stderr
    assert "Install the package pysqlite3" in outcome.stderr
    healthy = run(data, "wall", "list")
    assert (healthy.returncode, healthy.stderr) == (0, "")


@pytest.mark.parametrize(
    ("pragma", "kept"), [("journal_mode", "delete"), ("foreign_keys", "0"), ("synchronous", "1"), ("busy_timeout", "9")]
)
def test_a_database_that_does_not_take_our_care_is_not_used(
    data: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, kept: str
) -> None:
    """Something keeps it otherwise, as a network drive does."""
    run_one = driver._execute

    def stubborn(connection: Any, operation: str, parameters: Any) -> Any:
        is_asked = operation.startswith(f"PRAGMA {pragma} = ")
        return run_one(connection, f"PRAGMA {pragma} = {kept}" if is_asked else operation, parameters)

    monkeypatch.setattr(driver, "_execute", stubborn)
    outcome = CliRunner().invoke(commands, ["wall", "list"], env=variables(data))
    assert outcome.exit_code == 1
    assert f"SQLite does not take PRAGMA {pragma} = " in str(outcome.exception)


async def test_durability_is_a_setting(serve: Callable[..., Any]) -> None:
    wall: Served = await serve(synchronous="normal")
    async with wall.database.write_engine.connect() as connection:
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 1


@pytest.mark.slow
def test_no_writer_of_four_processes_finds_the_database_locked(data: Path) -> None:
    """Real processes at once; `make bench-writes` does it with 64 writers in each."""
    url = f"sqlite:///{data / 'feedback.sqlite3'}"
    measured = measure(url, "together", processes=4, writers=16, walls=1, seconds=3)
    assert not measured.faults
    database = Database(url)
    rows = asyncio.run(_count(database))
    assert rows == (rows[0], rows[0])
    assert rows[0] > measured.rate


async def _count(database: Database) -> tuple[int, int]:
    """How many there are, and the newest version: the same where no version was taken twice or left out."""
    async with database.reading() as session:
        found = (await session.execute(text("SELECT count(DISTINCT version), max(version) FROM feedback"))).one()
    await database.close()
    return found[0], found[1]


def lock_file(database: Database) -> Path:
    assert database.file is not None
    return database.file.with_name(database.file.name + "-turn")


@contextmanager
def holding_write_lock(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the write lock and makes no progress."""
    code = (
        "import fcntl, os, sys, time; file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT);"
        "fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def is_free(file: Path) -> bool:
    with closing(os.fdopen(os.open(file, os.O_RDWR), "r+")) as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


async def test_a_process_that_dies_releases_the_write_lock(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill -9 of the holder; meanwhile the process answers everything that needs no write lock."""
    monkeypatch.setattr(write_lock, "PATIENCE_SECONDS", 60)
    with holding_write_lock(lock_file(wall.database)) as holder:
        waiting = asyncio.create_task(post(wall.client, text="In turn"))
        await asyncio.sleep(0.3)
        assert (await wall.client.get("/healthz")).status_code == 200
        assert await words(wall.client) == []
        assert not waiting.done()
        holder.send_signal(signal.SIGKILL)
        assert (await waiting).status_code == 201


async def test_a_write_lock_that_is_not_released_is_skipped(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write lock is advisory. One that arrives late is released immediately."""
    monkeypatch.setattr(write_lock, "PATIENCE_SECONDS", 0.1)
    file = lock_file(wall.database)
    with holding_write_lock(file):
        for each in range(3):
            assert (await post(wall.client, text=f"{each}")).status_code == 201
        assert not is_free(file)
    await until(lambda: is_free(file))
    assert (await post(wall.client, text="3")).status_code == 201
    assert is_free(file)


async def test_posts_are_stored_without_a_lock_file(wall: Served) -> None:
    lock_file(wall.database).unlink(missing_ok=True)
    lock_file(wall.database).mkdir()
    assert (await post(wall.client)).status_code == 201


async def test_a_statement_is_one_call_to_its_connections_thread(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    errands: list[str] = []
    run_one = aiosqlite.Connection._execute

    async def counted(connection: aiosqlite.Connection, errand: Any, *arguments: Any) -> Any:
        errands.append(errand.__name__)
        return await run_one(connection, errand, *arguments)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    async with wall.database.write_engine.connect() as connection:
        assert (await connection.execute(text("SELECT slug FROM walls"))).all() == [("main",)]
        assert len(errands) == 2  # The transaction is begun by one of them.
        changed = await connection.execute(text("UPDATE walls SET title = :title"), [{"title": "A"}, {"title": "B"}])
        assert changed.rowcount == 2
        assert len(errands) == 3


async def test_reading_never_waits_for_writing(serve: Callable[..., Any]) -> None:
    """While somebody has the whole database locked and has half written: pages, streams, feeds, also of a server that
    only just started."""
    wall: Served = await serve(post_limit="")
    await post(wall.client, text="Committed")
    with locked(wall.database) as stranger:
        stranger.execute("UPDATE feedback SET text = 'Half written'")
        fresh = Database(wall.database.url)
        try:
            for database in (wall.database, fresh):
                async with database.reading() as session:
                    started = time.perf_counter()
                    rows = (await session.scalars(Feedback.published_on(1))).all()
                    assert [row.text for row in rows] == ["Committed"]
                    assert time.perf_counter() - started < 2
            async with Reader(wall.port, "0") as reader:
                await until(lambda: reader.versions == [1])
            for address in (
                "/walls/main",
                "/walls/main/frame",
                "/walls/main/changes?after=0",
                "/walls/main/feedback/1",
            ):
                answer = await wall.client.get(address)
                assert answer.status_code == 200
                assert "Committed" in answer.text
        finally:
            await fresh.close()


async def test_the_wal_is_bounded_under_constant_reads(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers overlap, so that SQLite never finds a moment to restart the WAL."""
    monkeypatch.setattr(wal, "LONG_BYTES", 6 * 2**20)
    monkeypatch.setattr(wal, "PAUSE_SECONDS", 0)
    assert wall.database.file is not None
    file = wall.database.file.with_name(wall.database.file.name + "-wal")
    sizes: list[int] = []
    async with _readers(wall.database):
        for each in range(60):
            posts = [a_post(f"{each} {number} " + "Words " * 300) for number in range(64)]
            assert not [answer for answer in await submit(wall.database, *posts) if isinstance(answer, Exception)]
            sizes.append(file.stat().st_size)
    assert max(sizes) < 10 * 2**20, sizes
    assert sum(sizes[each] < sizes[each - 1] for each in range(1, len(sizes))) >= 1, sizes
    rows = await stored(wall.database)
    assert [row.version for row in rows] == list(range(1, 1000))


@asynccontextmanager
async def _readers(database: Database) -> AsyncIterator[None]:
    """Three that read all the time, each beginning before another one ends."""

    async def read(delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            async with database.reading() as session:
                await session.scalars(Feedback.published_on(1))
                await asyncio.sleep(0.09)

    tasks = [asyncio.create_task(read(each * 0.03)) for each in range(3)]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
