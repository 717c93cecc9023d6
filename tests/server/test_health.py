"""Whether the wall can do its work: what `/healthz` and `/readyz` say in each fault, and how soon."""

import asyncio
import os
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from feedback_app.server import health

from ..support import Reader, Served, post, serving, until

pytestmark = pytest.mark.sqlite

POSTGRESQL = "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres"


async def test_a_wall_that_works_is_alive_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).text == "alive\n"
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "ready\n", "no-store")


async def test_one_that_is_locked_by_a_stranger_is_alive_and_not_ready_until_it_is_let_go(wall: Served) -> None:
    """Requirement 57."""
    with closing(sqlite3.connect(wall.database.file or "", isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        await verdicts(wall, {"writing"})
        assert (await wall.client.get("/walls/main")).status_code == 200
        stranger.execute("ROLLBACK")
    await until(lambda: is_ready(wall))


async def test_one_that_has_much_to_write_is_ready_as_long_as_it_gets_on(wall: Served) -> None:
    """Requirement 57. The check waits in the same queue."""

    def a_kind_of_its_own() -> Any:
        async def work(_session: AsyncSession, parts: Sequence[None]) -> list[None]:
            await asyncio.sleep(0.1)
            return list(parts)

        return work

    writing = [asyncio.create_task(wall.database.write_together(a_kind_of_its_own(), None)) for _ in range(20)]
    assert await is_ready(wall)
    assert not writing[-1].done()
    await asyncio.gather(*writing)


async def test_one_whose_file_is_gone_is_alive_and_not_ready(wall: Served) -> None:
    """Requirement 57. The open file would still take posts, and forget them with the process."""
    assert wall.database.file is not None
    aside = wall.database.file.rename(wall.database.file.with_suffix(".aside"))
    await verdicts(wall, {"database"})
    aside.rename(wall.database.file)
    await until(lambda: is_ready(wall))


async def test_one_whose_schema_is_newer_than_the_program_is_not_ready(wall: Served) -> None:
    with closing(sqlite3.connect(wall.database.file or "")) as stranger:
        stranger.execute("UPDATE alembic_version SET version_num = '9999'")
        stranger.commit()
    await verdicts(wall, {"schema"})


async def test_a_broadcaster_that_is_behind_is_not_ready(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "BEHIND_SECONDS", 0.1)
    async with Reader(wall.port, "0"):
        with closing(sqlite3.connect(wall.database.file or "")) as stranger:
            stranger.execute("ALTER TABLE walls RENAME TO ways")
            stranger.commit()
            await verdicts(wall, {"broadcaster"})
            stranger.execute("ALTER TABLE ways RENAME TO walls")
            stranger.commit()
        await until(lambda: is_ready(wall))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", folder], check=False).returncode:
        pytest.skip("This needs the right to mount a small disk.")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def test_one_whose_disk_is_full_is_alive_and_not_ready_until_there_is_space(
    small_disk: Path,
) -> None:
    """Requirement 57."""
    async with serving(data=small_disk / "data", post_limit="") as wall:
        await verdicts(wall, set())
        rubbish = small_disk / "rubbish"
        with suppress(OSError), rubbish.open("wb") as file:
            while file.write(bytes(2**20)):
                pass
        await verdicts(wall, {"disk"})
        rubbish.unlink()
        await until(lambda: is_ready(wall))
        assert (await post(wall.client)).status_code == 201


class Line:
    """A line to the database that can be held: what is sent on it arrives when it is let go."""

    def __init__(self) -> None:
        self.is_free = asyncio.Event()
        self.is_free.set()
        self.connections: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        self.server = await asyncio.start_server(self.connect, "127.0.0.1", 0)
        return int(self.server.sockets[0].getsockname()[1])

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(task := asyncio.current_task())  # type: ignore[arg-type]
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", 5432)
        try:
            await asyncio.gather(self.carry(reader, far_writer), self.carry(far_reader, writer))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for each in (writer, far_writer):
                each.close()
            self.connections.discard(task)  # type: ignore[arg-type]

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            await self.is_free.wait()
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def close(self) -> None:
        self.server.close()
        for task in list(self.connections):
            task.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    yield line
    await line.close()


@pytest.fixture
async def postgresql() -> AsyncIterator[str]:
    """The name of a new database on this machine's server."""
    name = f"care_{os.urandom(6).hex()}"
    engine = create_async_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
    except OSError:
        pytest.skip("This needs PostgreSQL on this machine.")
    yield name
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()


async def test_one_whose_database_hangs_or_is_gone_is_alive_and_not_ready_until_it_is_back(
    tmp_path: Path, postgresql: str, line: Line
) -> None:
    """Requirement 57."""
    port = await line.open()
    address = f"postgresql://postgres@127.0.0.1:{port}/{postgresql}"
    async with serving(data=tmp_path / "data", database_url=address) as wall:
        await until(lambda: is_ready(wall))

        line.is_free.clear()
        await verdicts(wall, {"database", "schema", "writing"})
        line.is_free.set()
        await until(lambda: is_ready(wall))

        await line.close()
        await verdicts(wall, {"database", "schema", "writing"})


async def verdicts(wall: Served, words: set[str]) -> None:
    """Both answer soon, and after a moment `/readyz` says these words, and says them again."""
    await until(lambda: says(wall, *words))
    for _ in range(2):
        for address, status in (("/healthz", 200), ("/readyz", 503 if words else 200)):
            began = time.monotonic()
            answer = await wall.client.get(address)
            assert time.monotonic() - began < 3, f"{address} took too long."
            assert answer.status_code == status
        assert not words or set(answer.text.split()) >= words


async def says(wall: Served, *words: str) -> bool:
    found = (await wall.client.get("/readyz")).text.split()
    return set(found) >= set(words) if words else found == ["ready"]


async def is_ready(wall: Served) -> bool:
    return await says(wall)


async def test_a_check_that_is_late_on_a_busy_machine_has_some_seconds(
    wall: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one has not: nothing is known of that machine yet."""
    monkeypatch.setattr(health, "SECONDS", 0.05)
    asked = wall.state.readiness
    held = asyncio.Event()

    async def late() -> bool:
        await held.wait()
        return True

    await until(lambda: is_ready(wall))
    monkeypatch.setattr(asked, "_reads", late)
    assert (await wall.client.get("/readyz")).text == "ready\n"
    monkeypatch.setattr(health, "LATE_SECONDS", 0)
    assert (await wall.client.get("/readyz")).text == "database\n"
    held.set()
    await until(lambda: is_ready(wall))
