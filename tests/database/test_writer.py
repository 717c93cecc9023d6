"""The writer (group commit): posts that wait together share a transaction, and each gets its own result."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.database import Database, engines
from feedback_app.models import Feedback, Submission, Wall
from feedback_app.walls.posting.store import Refused, store_posts

from ..support import Served, a_post, post, stamp, words


async def submit(database: Database, *posts: Submission) -> list[Any]:
    """All at the same moment."""
    return await asyncio.gather(*(database.write_together(store_posts, each) for each in posts), return_exceptions=True)


async def stored(database: Database, wall_id: int = 1) -> list[Feedback]:
    async with database.reading() as session:
        return list((await session.scalars(Feedback.changed_on(wall_id, after=0, limit=999))).all())


async def another_wall(database: Database, slug: str = "other") -> int:
    async def work(session: AsyncSession) -> int:
        wall = Wall(slug=slug, title=slug)
        session.add(wall)
        await session.flush()
        return wall.id

    return await database.write(work)


@contextmanager
def locked(database: Database) -> Iterator[sqlite3.Connection]:
    """A stranger has the database locked."""
    assert database.file is not None
    with closing(sqlite3.connect(database.file, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        yield stranger


@pytest.mark.parametrize("has_returning", [True, False], ids=["returning", "as on MySQL"])
async def test_those_who_wait_at_the_same_moment_share_one_commit(
    wall: Served, monkeypatch: pytest.MonkeyPatch, has_returning: bool
) -> None:
    dialect = wall.database.write_engine.dialect
    assert dialect.insert_executemany_returning
    monkeypatch.setattr(dialect, "insert_executemany_returning", has_returning)
    other = await another_wall(wall.database)
    commits: list[None] = []
    wall.database.on_commit(lambda: commits.append(None))
    posts = [a_post(f"{each}", wall_id=(1, other)[each % 2], author=f"{each}") for each in range(100)]
    answers = await submit(wall.database, *posts)
    assert len(commits) == 1
    assert [(each.text, each.wall_id) for each in answers] == [(each.text, each.wall_id) for each in posts]
    for wall_id in (1, other):
        rows = await stored(wall.database, wall_id)
        assert [row.version for row in rows] == list(range(1, 51))
        assert [(row.id, row.text) for row in rows] == [
            (each.id, each.text) for each in answers if each.wall_id == wall_id
        ]


async def test_who_has_just_been_answered_is_taken_along_with_those_who_wait(wall: Served) -> None:
    """Otherwise two groups would alternate, each with a transaction of its own."""
    commits: list[None] = []
    wall.database.on_commit(lambda: commits.append(None))

    async def write(author: str) -> None:
        for each in range(10):
            await wall.database.write_together(store_posts, a_post(f"{author} {each}", author=author))

    first = [asyncio.create_task(write(f"early {each}")) for each in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # Now their first transaction has begun without the others.
    await asyncio.gather(*first, *(write(f"late {each}") for each in range(5)))
    assert 10 < len(commits) <= 13


async def test_a_limit_holds_within_one_batch(wall: Served) -> None:
    posts = [a_post(f"{each}", author=("a", "b")[each % 2], limits="5/minute;30/hour") for each in range(20)]
    answers = await submit(wall.database, *posts)
    assert [row.text for row in await stored(wall.database)] == [f"{each}" for each in range(10)]
    refused = [each for each in answers if isinstance(each, Refused)]
    assert len(refused) == 10
    assert {each.retry_after for each in refused} == {61}


async def test_the_same_form_twice_in_one_batch_is_one_entry(wall: Served) -> None:
    keyed = [a_post("Once", given="the-same-key-1234") for _ in range(5)]
    plain = [a_post("Without script") for _ in range(5)]
    answers = await submit(wall.database, *keyed, *plain)
    assert [row.text for row in await stored(wall.database)] == ["Once", "Without script"]
    assert [each.id for each in answers] == [1] * 5 + [2] * 5


async def test_the_same_form_sent_to_two_servers_at_once_is_one_entry(serve: Callable[..., Any]) -> None:
    """The second process to lock the wall finds what the first one stored."""
    servers = [await serve(post_limit="") for _ in range(2)]
    for each in range(15):
        answers = await asyncio.gather(
            *(post(server.client, text=f"{each}", key=f"the-same-key-{each}") for server in servers * 2),
        )
        assert [answer.status_code for answer in answers] == [201] * 4
    assert await words(servers[0].client) == [f"{each}" for each in reversed(range(15))]


async def test_the_same_words_without_script_are_kept_when_the_first_were_changed(wall: Served) -> None:
    """Words that only look repeated are not lost."""
    await submit(wall.database, a_post("Hello"))
    await wall.change(Wall.edit, 1, name="Ann", text="Hello everybody")
    first, again = await submit(wall.database, a_post("Hello"), a_post("Hello", author="b"))
    assert (first.id, again.id) == (2, 3)
    assert [row.text for row in await stored(wall.database)] == ["Hello everybody", "Hello", "Hello"]


async def test_a_post_that_cannot_be_stored_harms_no_other_of_its_batch(wall: Served) -> None:
    posts = [a_post(f"{each}", given=f"key-of-post-{each}") for each in range(20)]
    for each in (3, 11):
        object.__setattr__(posts[each], "name", None)
    answers = await submit(wall.database, *posts)
    assert [each for each, answer in enumerate(answers) if isinstance(answer, Exception)] == [3, 11]
    rows = await stored(wall.database)
    assert [row.version for row in rows] == list(range(1, 19))
    assert [row.text for row in rows] == [f"{each}" for each in range(20) if each not in (3, 11)]


async def test_the_response_belongs_to_the_try_that_was_committed(wall: Served) -> None:
    """The response is made during the commit; when that fails, nobody receives it."""
    await submit(wall.database, a_post("Before"))
    left = [ConnectionResetError()]
    made: list[str] = []
    asked: list[asyncio.Future[str]] = []

    def response(feedback: Feedback) -> str:
        assert not any(each.done() for each in asked)
        made.append(feedback.text)
        return f"{feedback.id}: {feedback.text}"

    @event.listens_for(wall.database.write_engine.sync_engine, "commit")
    def break_off(_: Any) -> None:
        if left:
            raise left.pop()

    posts = [a_post(text, author=text) for text in ("One", "Two")]
    asked += [asyncio.ensure_future(wall.database.write_together(store_posts, each, response)) for each in posts]
    answers = await asyncio.gather(*asked)
    assert made == ["One", "Two"] * 2
    assert answers == [f"{row.id}: {row.text}" for row in (await stored(wall.database))[1:]]


async def test_a_post_is_stored_when_its_response_cannot_be_made(wall: Served) -> None:
    def response(feedback: Feedback) -> str:
        return {"One": "Thanks for one", "Three": "Thanks for three"}[feedback.text]

    posts = [a_post(text, author=text) for text in ("One", "Two", "Three")]
    asked = (wall.database.write_together(store_posts, each, response) for each in posts)
    one, two, three = await asyncio.gather(*asked, return_exceptions=True)
    assert (one, type(two), three) == ("Thanks for one", KeyError, "Thanks for three")
    assert [row.text for row in await stored(wall.database)] == ["One", "Two", "Three"]


async def test_work_that_fails_is_undone_and_harms_no_other(wall: Served) -> None:
    def work(number: int) -> Callable[..., Any]:
        async def change(session: AsyncSession) -> int:
            main = (await session.scalars(Wall.locked("main"))).one()
            main.title = f"Title {number}"
            await session.flush()
            if number % 2:
                raise LookupError(number)
            return number

        return change

    answers = await asyncio.gather(*(wall.database.write(work(each)) for each in range(6)), return_exceptions=True)
    assert [each if isinstance(each, int) else type(each) for each in answers] == [
        0, LookupError, 2, LookupError, 4, LookupError
    ]  # fmt: skip
    assert "Title 4" in (await wall.client.get("/walls/main")).text


@pytest.mark.sqlite
async def test_a_lock_that_passes_is_waited_for(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole transaction is tried again; the visitor notices nothing but the time."""
    monkeypatch.setattr(engines, "BUSY_MILLISECONDS", 20)
    wall: Served = await serve(post_limit="")
    mark = await stamp(wall.client)
    finished: list[None] = []

    async def work(session: AsyncSession) -> None:
        (await session.scalars(Wall.locked("main"))).one().title = "Patient"
        await session.flush()
        finished.append(None)

    with locked(wall.database) as stranger:
        waiting = [
            asyncio.create_task(post(wall.client, text="Patience", stamp=mark)),
            asyncio.create_task(wall.database.write(work)),
        ]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in waiting)
        stranger.execute("ROLLBACK")
        answer, _ = await asyncio.gather(*waiting)
    assert answer.status_code == 201
    assert finished == [None]
    assert await words(wall.client) == ["Patience"]


async def test_a_request_that_is_cancelled_cancels_nothing(wall: Served) -> None:
    """Cancelled before, while and after the transaction runs."""
    for each in range(60):
        task = asyncio.create_task(wall.database.write_together(store_posts, a_post(f"{each}", author=f"{each}")))
        await asyncio.sleep(each / 10_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await submit(wall.database, a_post("Last"))
    rows = await stored(wall.database)
    assert [row.version for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1].text == "Last"
    assert {f"{each}" for each in range(1, 60)} <= {row.text for row in rows}
