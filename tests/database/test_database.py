"""The database in unusual folders, with names that have a meaning in URLs, and while another program locks it."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from feedback_app import cli
from feedback_app.config import ConfigurationError, Settings
from feedback_app.database import Database, engines, writer
from feedback_app.installation import data_folder
from feedback_app.models import Feedback, Wall

from ..support import HTMX, OURS, Process, Reader, Served, post, run, until, variables, words


@pytest.fixture
def impatient() -> Iterator[None]:
    """The timeouts of the writer are short."""
    patience = engines.BUSY_MILLISECONDS, writer.PATIENCE_SECONDS
    engines.BUSY_MILLISECONDS, writer.PATIENCE_SECONDS = 100, 0.3
    yield
    engines.BUSY_MILLISECONDS, writer.PATIENCE_SECONDS = patience


@pytest.mark.sqlite
async def test_while_another_program_holds_the_database_no_word_is_lost(
    impatient: None, serve: Callable[..., Any]
) -> None:
    """With a lock in the place of a full disk."""
    wall: Served = await serve(post_limit="")
    await post(wall.client, text="Before")
    async with Reader(wall.port, "0") as reader:
        with closing(sqlite3.connect(wall.database.file or "", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            page = await post(wall.client, "Ann", "Kept <words>", headers=OURS)
            notice = await post(wall.client, "Ann", "Kept <words>", headers=HTMX)
            assert await words(wall.client) == ["Before"]
            other.execute("ROLLBACK")
        for answer in (page, notice):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert "cannot reach its database" in answer.text
        assert "Kept &lt;words&gt;</textarea>" in page.text
        assert 'hx-target="#notice"' in notice.text
        assert (await post(wall.client, "Ann", "Kept <words>")).status_code == 201
        await until(lambda: reader.versions == [1, 2])
    assert await words(wall.client) == ["Kept <words>", "Before"]


@pytest.mark.parametrize("name", ["per%20cent", "ha#sh", "que?ry=1", "sp ace", "ümlaut", 'quo"te'])
async def test_the_data_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    """In the address of a database some of these have a meaning."""
    settings = Settings(data=tmp_path / name)
    for _ in range(2):
        database = Database(data_folder.database_url(settings))
        await data_folder.open_database(settings, database)
        await database.close()
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}  # noqa: ASYNC240 - nobody else waits.
    assert found == {name, f"{name}/feedback.sqlite3", f"{name}/installed"}


async def test_a_server_hears_of_others_in_a_folder_with_any_name(tmp_path: Path) -> None:
    server = Process(tmp_path / "per%20cent?#")
    try:
        async with Reader(server.port, "0") as reader:
            assert (await asyncio.to_thread(run, server.data, "demo", "--count", "1")).returncode == 0
            await until(lambda: reader.versions == [1])
    finally:
        assert server.stop() == 0


UNSHOWABLE = ["\x01", "\u200b", "   ", "x" * 121, "\udcff", "\ue000"]


def test_a_title_that_cannot_be_shown_is_one_clear_sentence(data: Path) -> None:
    """It stands in feeds, which such a character would break. Bytes that are no UTF-8 arrive as surrogates."""
    for title in UNSHOWABLE:
        outcome = CliRunner().invoke(cli.commands, ["wall", "add", "team", "--title", title], env=variables(data))
        assert isinstance(outcome.exception, ConfigurationError), title
        assert "title" in str(outcome.exception), title
        assert CliRunner().invoke(cli.commands, ["wall", "list"], env=variables(data)).stdout == "main\tFeedback\n", (
            title
        )


async def test_a_piece_that_fails_takes_no_version(wall: Served) -> None:
    """Versions have no gap, whatever fails between two of them."""

    async def receive(session: Any, text: str) -> Feedback:
        main = (await session.scalars(Wall.locked("main"))).one()
        feedback = main.receive(name="Ann", text=text, author="a")
        session.add(feedback)
        await session.flush()
        if "fails" in text:
            raise ValueError(text)
        return feedback

    texts = ["one", "fails", "two", "fails again", "three"]
    async with Reader(wall.port, "0") as reader:
        outcomes = await asyncio.gather(
            *(wall.database.write(lambda session, text=text: receive(session, text)) for text in texts),  # type: ignore[misc]
            return_exceptions=True,
        )
        assert [isinstance(each, ValueError) for each in outcomes] == ["fails" in text for text in texts]
        await until(lambda: reader.versions == [1, 2, 3])
    assert await words(wall.client) == ["three", "two", "one"]


async def test_who_asked_and_went_away_harms_nobody_in_the_same_transaction(wall: Served) -> None:
    """A request that is cancelled cancels nothing inside a transaction."""

    async def slow(session: Any) -> None:
        (await session.scalars(Wall.locked("main"))).one()
        await asyncio.sleep(0.05)

    gone = [asyncio.create_task(wall.database.write(slow)) for _ in range(3)]
    staying = asyncio.create_task(post(wall.client, text="Stays"))
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    assert (await staying).status_code == 201
    assert {type(each) for each in await asyncio.gather(*gone, return_exceptions=True)} == {asyncio.CancelledError}
    assert await words(wall.client) == ["Stays"]


async def test_walls_do_not_hear_of_each_other(wall: Served) -> None:
    async def add(session: Any) -> None:
        session.add(Wall(slug="other", title="Other"))

    await wall.database.write(add)
    async with Reader(wall.port, "0") as here, Reader(wall.port, "0", slug="other") as there:
        for each in range(3):
            await post(wall.client, text=f"Here {each}")

        async def receive(session: Any) -> None:
            session.add(
                (await session.scalars(Wall.locked("other"))).one().receive(name="Bob", text="There", author="b")
            )

        await wall.database.write(receive)
        await until(lambda: here.versions == [1, 2, 3] and there.versions == [1])
        assert "Here" not in there.news[0].data
    async with Reader(wall.port, "3", slug="other") as foreign:
        await until(lambda: foreign.news)
        assert 'hx-swap="reload"' in foreign.news[0].data
