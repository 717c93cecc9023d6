"""While the database is away: reading goes on from what is known, no word is lost, and it recovers without help."""

import asyncio
import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import pytest

from feedback_app.models import Wall
from feedback_app.walls.versions import SQLiteWallVersions, VersionUnknown

from ...support import HTMX, OURS, Reader, Served, post, serving, stamp, until
from ...support.databases.own_postgresql import Line, PostgreSQL, create_database

PAGES = ["/walls/main", "/walls/main/frame?theme=dark", "/walls/main/feed.json", "/walls/main/feedback"]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[int]:
    """A PostgreSQL of our own; gives its port."""
    with PostgreSQL.running() as server:
        yield server.port


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
    """What is known is shown, a post is refused with its words kept, and everything recovers without help."""
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


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("feedback_app")]


async def test_an_outage_is_two_lines_in_the_log_however_many_are_refused(
    postgresql: int, line: Line, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first to notice logs it: pages, posts, streams, notifications and the moderation queue."""
    caplog.set_level("INFO", "feedback_app.database.outage")
    await create_database(postgresql, "said")
    url = f"postgresql://postgres@127.0.0.1:{line.port}/said"
    async with serving(data=tmp_path / "data", database_url=url, defences=False) as wall, Reader(wall.port, "0"):
        await post(wall.client, text="Before")
        await line.cut()

        async def ask() -> None:
            assert (await wall.client.get("/walls/main?before=1")).status_code == 503
            await is_refused_with_the_words_kept(wall, "")

        await asyncio.gather(*(ask() for _ in range(5)))
        assert said(caplog) == ["The database does not respond. Retrying until it does."]

        await line.mend()
        for _ in range(3):
            assert (await post(wall.client, text="After")).status_code == 201
            assert (await wall.client.get("/walls/main?before=9")).status_code == 200
        assert said(caplog)[1:] == ["The database works again."]


@pytest.mark.sqlite
async def test_a_database_that_only_takes_nothing_is_two_lines_as_well(
    wall: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Reading goes on, and `/readyz`, which stores nothing, does not pass for a post that was stored."""
    caplog.set_level("INFO", "feedback_app.database.outage")
    given = await stamp(wall.client)
    with stranger(wall) as connection:
        # As a full disk would, it breaks the whole transaction off.
        await until(lambda: has_all_for_itself(connection))
        connection.execute("ALTER TABLE feedback RENAME TO elsewhere")
        connection.execute("COMMIT")
        for each in range(3):
            fields = {"name": "Ann", "text": f"Post {each}", "stamp": given}
            assert (await wall.client.post("/walls/main/feedback", data=fields, headers=HTMX)).status_code == 503
            await wall.client.get("/readyz")
            assert (await wall.client.get("/nothing")).status_code == 404
        connection.execute("ALTER TABLE elsewhere RENAME TO feedback")
    assert (await post(wall.client, text="After")).status_code == 201
    assert said(caplog) == [
        "The database accepts no writes. Retrying until it does.",
        "The database works again.",
    ]


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
        for address in ("/walls/main/feed.atom", "/walls/main/live?after=1"):
            assert (await wall.client.get(address)).status_code == 503
        await is_refused_with_the_words_kept(wall, given)
        connection.execute("ALTER TABLE elsewhere RENAME TO walls")
    assert await pages_of(wall, fresh=True) == known
    assert (await post(wall.client, text="After")).status_code == 201
    assert "After" in (await pages_of(wall, fresh=True))["/walls/main"]


@pytest.mark.sqlite
async def test_what_was_taken_off_the_wall_does_not_stand_there_again_while_the_database_is_away(
    wall: Served, made: Counter[str]
) -> None:
    """Also for a page that nobody has asked for since."""
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


def has_all_for_itself(connection: sqlite3.Connection) -> bool:
    """Whether it holds the file now; the server may be cleaning up at its start, in this same process."""
    connection.execute("PRAGMA busy_timeout = 0")
    with suppress(sqlite3.OperationalError):
        connection.execute("BEGIN EXCLUSIVE")
    return connection.in_transaction


@pytest.mark.sqlite
async def test_while_a_stranger_holds_the_file_every_page_is_fresh(wall: Served) -> None:
    await post(wall.client, text="Before")
    with stranger(wall) as connection:
        await until(lambda: has_all_for_itself(connection))
        assert "Before" in (await pages_of(wall, fresh=True))["/walls/main"]
        connection.execute("ROLLBACK")


@pytest.mark.sqlite
async def test_a_server_stops_although_a_driver_takes_its_end_for_a_fault(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that is cancelled may come back as a broken connection, after which one asks again."""
    asked: list[str] = []

    async def swallows(_self: SQLiteWallVersions, _slugs: object) -> NoReturn:
        asked.append("")
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            raise VersionUnknown() from None
        raise AssertionError

    monkeypatch.setattr(SQLiteWallVersions, "of_all", swallows)
    async with asyncio.timeout(60), serving(data=data, defences=False) as wall:
        assert (await wall.client.get("/walls/main")).status_code == 200
        await until(lambda: asked)
