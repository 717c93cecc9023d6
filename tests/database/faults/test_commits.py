"""A commit that is cut short, by a kill or a broken line: all of what belongs together is there, or nothing is."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url, select

from feedback_app.database import Database
from feedback_app.models import Act, ActEntry, Feedback, Wall

from ...support import HTMX, Process, Reader, Served, post, serving, stamp, until, words
from ...support.databases import url_of
from ...support.databases.own_postgresql import Line
from ...support.moderators import make_moderator, moderating


async def outcome(database: Database) -> str:
    """Whether both entries were hidden, with everything that belongs to it, or whether nothing was done at all."""
    async with database.reading() as session:
        wall = (await session.scalars(Wall.named("main"))).one()
        entries = (await session.scalars(select(Feedback).order_by(Feedback.id))).all()
        acts = (await session.scalars(select(Act))).all()
        rows = (await session.scalars(select(ActEntry).order_by(ActEntry.feedback_id))).all()
    found = (
        [entry.state for entry in entries],
        sorted(entry.version or 0 for entry in entries),
        wall.version,
        wall.desk_version,
        [act.verb for act in acts],
        [row.feedback_id for row in rows],
    )
    outcomes = {
        "all": (["hidden", "hidden"], [3, 4], 4, 4, ["hide"], [1, 2]),
        "nothing": (["public", "public"], [1, 2], 2, 2, [], []),
    }
    return next((name for name, each in outcomes.items() if each == found), repr(found))


@pytest.mark.sqlite
@pytest.mark.slow
@pytest.mark.parametrize("at", ["3", "5", "7", "9", "11", "commit"])
async def test_a_server_that_is_killed_in_the_middle_of_an_act_has_done_all_of_it_or_nothing(
    process: Callable[..., Process], data: Path, tmp_path: Path, at: str
) -> None:
    """It is killed at one of the statements of the act, or when all that is left is to commit them."""
    armed = tmp_path / "armed"
    server = process(
        program="tests.programs.killed_at_statement", FEEDBACK_DEFENCES="off", DIES_IN=str(armed), DIES_AT=at
    )
    async with server.client() as client:
        for text in ("One", "Two"):
            assert (await post(client, text=text)).status_code == 201
        database = Database(f"sqlite:///{data / 'feedback.sqlite3'}")
        _, token = await make_moderator(database, "Kim", ["main"])
        armed.touch()
        fields = {"verb": "hide", "feedback": ["1", "2"]}
        with pytest.raises(httpx.TransportError):
            await client.post("/moderation/acts", data=fields, headers={**HTMX, "Cookie": f"feedback={token}"})
    assert server.stop() == -signal.SIGKILL
    armed.unlink()
    server.start()
    assert await outcome(database) == "nothing"
    await database.close()
    async with server.client() as client, Reader(server.port, "0") as reader:
        await until(lambda: reader.versions == [1, 2])
        assert await words(client) == ["Two", "One"]


@pytest.fixture
async def line(data: Path) -> AsyncIterator[Line]:
    line = Line(make_url(url_of(data)).port or 0)
    await line.mend()
    yield line
    await line.cut()


@pytest.fixture
async def far(data: Path, line: Line) -> AsyncIterator[Served]:
    """A wall whose database is at the other end of a line."""
    url = make_url(url_of(data)).set(port=line.port).render_as_string(hide_password=False)
    async with serving(data=data, database_url=url, defences=False) as wall:
        yield wall


@pytest.mark.postgresql
@pytest.mark.mariadb
@pytest.mark.parametrize("delivers", [False, True], ids=["lost", "delivered"])
@pytest.mark.parametrize("part", [[b"INSERT INTO acts"], [b"INSERT INTO acts", b"COMMIT"]], ids=["insert", "commit"])
async def test_a_line_that_breaks_in_the_middle_of_an_act_leaves_all_of_it_or_nothing(
    far: Served, line: Line, part: list[bytes], delivers: bool
) -> None:
    for text in ("One", "Two"):
        assert (await post(far.client, text=text)).status_code == 201
    async with moderating(far) as kim:
        line.break_at(*part, delivers=delivers)
        answer = await kim.act("hide", 1, 2)
        assert line.has_broken
        found = await outcome(far.database)
        if answer.status_code < 400:
            assert found == "all"
        else:
            assert answer.status_code == 503
            assert found == ("all" if part[-1] == b"COMMIT" and delivers else "nothing")
        assert (await kim.act("hide", 1, 2)).status_code < 400
    assert await outcome(far.database) == "all"


@pytest.mark.postgresql
@pytest.mark.mariadb
@pytest.mark.parametrize("delivers", [False, True], ids=["lost", "delivered"])
@pytest.mark.parametrize(
    "part", [[b"INSERT INTO feedback"], [b"INSERT INTO feedback", b"COMMIT"]], ids=["insert", "commit"]
)
async def test_posts_whose_line_breaks_in_the_middle_are_stored_once_and_acknowledged(
    far: Served, line: Line, part: list[bytes], delivers: bool
) -> None:
    """Nobody knows whether such a commit was done, so the posts are run once more under the same keys."""
    given = await stamp(far.client)
    line.break_at(*part, delivers=delivers)
    fields = [{"name": "Ann", "text": f"Post {each}", "stamp": given, "key": f"key-of-{each}"} for each in range(5)]

    async def send(fields: dict[str, str]) -> None:
        """Where it is refused because the page could not be read, it is sent again, as a person does."""

        async def is_taken() -> bool:
            answer = await far.client.post("/walls/main/feedback", data=fields, headers=HTMX)
            assert answer.status_code in (201, 503)
            return answer.status_code == 201

        await until(is_taken)

    await asyncio.gather(*map(send, fields))
    assert line.has_broken
    assert sorted(await words(far.client)) == [f"Post {each}" for each in range(5)]
    assert 'data-version="5"' in (await far.client.get("/walls/main")).text
