"""While the database is away: reading goes on from what is known, no word is lost, and it heals by itself."""

import asyncio
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from feedback_app.models import Wall

from .support import HTMX, OURS, Served, post, serving, stamp, until

PAGES = ["/walls/main", "/walls/main/frame?theme=dark", "/walls/main/feed.json", "/walls/main/feedback"]


class Line:
    """The line to a database, which can be cut, held and mended."""

    def __init__(self, port: int) -> None:
        self.target = port
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self.port = 0

    async def mend(self) -> None:
        """Let everything through, to whoever connects."""
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def hold(self) -> None:
        """Nothing gets through any more, and nobody hears why."""
        self._flows.clear()

    async def cut(self) -> None:
        """Every connection breaks, and new ones are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._open |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        self._open -= {writer, back}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65536):
                await self._flows.wait()
                writer.write(chunk)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[int]:
    """A PostgreSQL of our own; gives its port."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip(
            "PostgreSQL is not installed, so nobody can cut the line to it (on Debian: apt-get install postgresql)."
        )
    programs = Path(found).resolve().parent
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="feedback-postgresql-"))
    # It refuses to run as root.
    user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if user:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **user}
    subprocess.run([programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8"], **quiet)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [programs / "pg_ctl", "-D", folder / "data", "-w"]
    subprocess.run([*control, "-o", options, "-l", folder / "log", "start"], **quiet)
    yield port
    subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
    shutil.rmtree(folder)


async def create_database(port: int, name: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(host="127.0.0.1", port=port, user="postgres", database="postgres")
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()


async def pages_of(wall: Served, *, fresh: bool) -> dict[str, str]:
    """Every page is there, and says whether it may be outdated."""
    pages = {}
    for address in PAGES:
        answer = await wall.client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers.get("warning") == (None if fresh else '110 - "Response is Stale"')
        assert answer.headers["cache-control"] == ("private, no-cache" if fresh else "no-store")
        assert ("age" in answer.headers) == (not fresh)
        assert ("etag" in answer.headers) == fresh
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["x-content-type-options"] == "nosniff"
        pages[address] = answer.text
    return pages


async def is_refused_with_the_words_kept(wall: Served, given: str) -> None:
    for headers in (OURS, HTMX):
        fields = {"name": "Ann", "text": "Kept <words>", "stamp": given, "key": os.urandom(8).hex()}
        answer = await wall.client.post("/walls/main/feedback", data=fields, headers=headers)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    assert (
        "Kept &lt;words&gt;</textarea>"
        in (await wall.client.post("/walls/main/feedback", data=fields, headers=OURS)).text
    )


@pytest.fixture
async def line(postgresql: int) -> AsyncIterator[Line]:
    line = Line(postgresql)
    await line.mend()
    yield line
    await line.cut()


@pytest.mark.parametrize("how", ["cut", "held"])
async def test_with_the_line_to_the_database_gone_reading_goes_on(
    postgresql: int, line: Line, tmp_path: Path, how: str
) -> None:
    """What is known is shown, a post is refused with its words kept, and everything heals by itself."""
    await create_database(postgresql, how)
    url = f"postgresql://postgres@127.0.0.1:{line.port}/{how}"
    async with serving(data=tmp_path / "data", database_url=url, defences=False) as wall:
        await post(wall.client, text="Before")
        known = await pages_of(wall, fresh=True)
        assert "Before" in known["/walls/main"]

        if how == "cut":
            await line.cut()
        else:
            line.hold()

        async def is_noticed() -> bool:
            return "warning" in (await wall.client.get("/walls/main")).headers

        await until(is_noticed)
        assert await pages_of(wall, fresh=False) == known
        if how == "cut":
            assert (await wall.client.get("/walls/main?before=1")).status_code == 503
            await is_refused_with_the_words_kept(wall, "")

        await line.mend()

        async def is_back() -> bool:
            fields = {"name": "Ann", "text": "After", "key": "the-same-key"}
            return (await wall.client.post("/walls/main/feedback", data=fields, headers=HTMX)).status_code == 201

        await until(is_back, 40)
        assert "After" in (await pages_of(wall, fresh=True))["/walls/main"]


@contextmanager
def stranger(wall: Served) -> Iterator[sqlite3.Connection]:
    """Another program that has the database file open."""
    with closing(sqlite3.connect(wall.database.file or "", isolation_level=None)) as connection:
        yield connection


@pytest.mark.sqlite
async def test_with_the_tables_gone_reading_goes_on(wall: Served) -> None:
    """As during a restore that somebody does by hand under the running server."""
    await post(wall.client, text="Before")
    known = await pages_of(wall, fresh=True)
    given = await stamp(wall.client)
    with stranger(wall) as connection:
        connection.execute("ALTER TABLE walls RENAME TO elsewhere")
        assert await pages_of(wall, fresh=False) == known
        for headers in ({"If-None-Match": "*"}, {"Accept-Encoding": "gzip"}):
            answer = await wall.client.get("/walls/main", headers=headers)
            assert (answer.status_code, answer.text) == (200, known["/walls/main"])
        assert (await wall.client.head("/walls/main")).headers["warning"]
        assert (await wall.client.get("/walls/main/feed.atom")).status_code == 503
        await is_refused_with_the_words_kept(wall, given)
        connection.execute("ALTER TABLE elsewhere RENAME TO walls")
    assert await pages_of(wall, fresh=True) == known
    assert (await post(wall.client, text="After")).status_code == 201
    assert "After" in (await pages_of(wall, fresh=True))["/walls/main"]


@pytest.mark.sqlite
async def test_what_was_taken_off_the_wall_does_not_stand_there_again_while_the_database_is_away(
    wall: Served, made: Counter[str]
) -> None:
    """Requirement 23, also for a page that nobody has asked for since."""
    await post(wall.client, text="Insult")
    assert "Insult" in (await pages_of(wall, fresh=True))["/walls/main"]
    await wall.change(Wall.hide, 1)
    made.clear()
    await until(lambda: all(made[address] for address in PAGES))
    await wall.client.get("/healthz")  # Begun later, so that what was begun before it is done.
    with stranger(wall) as connection:
        connection.execute("ALTER TABLE walls RENAME TO elsewhere")
        for page in (await pages_of(wall, fresh=False)).values():
            assert "Insult" not in page
        connection.execute("ALTER TABLE elsewhere RENAME TO walls")


@pytest.mark.sqlite
async def test_while_a_stranger_holds_the_file_every_page_is_fresh(wall: Served) -> None:
    await post(wall.client, text="Before")
    with stranger(wall) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert "Before" in (await pages_of(wall, fresh=True))["/walls/main"]
        connection.execute("ROLLBACK")
