"""Retention: removed words and expired rows are deleted."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.models import Block, Feedback, Wall
from feedback_app.models.base import Base
from feedback_app.server import retention

from ..support import Reader, Served, post, serving, until, words
from ..support.moderators import act_of, moderating, said

pytestmark = pytest.mark.engines


async def stored(wall: Served) -> str:
    """Everything the database holds."""
    found = ""
    async with wall.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            found += f"{(await session.execute(select(table))).all()}"
    return found


def purge_of(wall: Served, undo_days: int = 7, keep_days: int = 30) -> retention.Retention:
    return retention.Retention(wall.database, undo_days=undo_days, keep_days=keep_days)


async def test_removed_words_are_blanked_when_the_time_for_undoing_is_over(serve: Callable[..., Any]) -> None:
    """Requirement 55, in part: no word of it is left, also not in the log; its removal is still broadcast."""
    wall: Served = await serve(post_limit="")
    await post(wall.client, name="Insulting Ann", text="Insult of the day")
    await post(wall.client, text="Other words")
    async with moderating(wall) as kim:
        await kim.act("answer", 1, text="Answer to the insult")
        await kim.act("answer", 1, text="Better answer")
        removed = act_of(await kim.act("remove", 1))
        await kim.act("remove", 2)
        assert (await kim.undo(removed + 1)).status_code == 200
        await kim.undo(removed)
        assert "Insult of the day" in "".join(await words(wall.client))
        removed = act_of(await kim.act("remove", 1))

        # The next start of a server with another setting finds it over.
        other: Served = await serve(post_limit="", undo_days=0)
        left = await stored(other)
        while "Insult" in left:
            left = await stored(other)
        assert "insult" not in left.lower()
        assert "Better answer" not in left
        assert "Other words" in left

        refused = await kim.undo(removed)
        assert (refused.status_code, "blanked" in said(refused)) == (409, True)
        log = await kim.client.get("/walls/main/moderation/log")
        assert "Post 1, removed" in log.text
        page = await kim.page()
        assert 'id="feedback-1"' not in page
        changes = await kim.client.get("/walls/main/moderation/changes?after=0")
        assert changes.status_code == 200
    async with Reader(other.port, "1") as reader:
        await until(lambda: reader.news)
        assert 'hx-target="#feedback-1" hx-swap="delete"' in "".join(event.data for event in reader.news)


async def test_before_that_time_nothing_is_blanked(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    for each in range(5):
        await post(wall.client, text=f"Words {each}")
    async with moderating(wall) as kim:
        removed = act_of(await kim.act("remove", 1, 2, 3, 4, 5))
        early, late = purge_of(wall, undo_days=1), purge_of(wall, undo_days=0)
        await early.purge()
        assert (await kim.undo(removed)).status_code == 200
        assert len(await words(wall.client)) == 5
        await kim.act("remove", 1, 2, 3, 4, 5)
        await late.purge()
    async with wall.database.reading() as session:
        assert set(await session.scalars(select(Feedback.text))) == {""}


async def test_a_block_goes_with_the_name_it_was_for(wall: Served) -> None:
    await post(wall.client)
    async with moderating(wall) as kim:
        await kim.act("block-author", 1)
        await purge_of(wall).purge()
        async with wall.database.reading() as session:
            assert len((await session.scalars(select(Block))).all()) == 1

        async def age(session: Any) -> None:
            block = (await session.scalars(select(Block))).one()
            block.created_at = datetime.now(UTC) - timedelta(days=2)

        await wall.database.write(age)
        await purge_of(wall).purge()
        async with wall.database.reading() as session:
            assert (await session.scalars(select(Block))).all() == []


async def test_who_was_away_for_longer_loads_the_list_anew(wall: Served) -> None:
    """The row of something removed is deleted once everybody who was away for less has heard of its end."""
    await post(wall.client, text="Removed")
    await post(wall.client, text="Other")
    async with moderating(wall) as kim:
        await kim.act("remove", 1)
    await purge_of(wall, undo_days=0).purge()

    async def age(session: Any) -> None:
        (await session.get_one(Feedback, 1)).changed_at = datetime.now(UTC) - timedelta(days=31)

    await wall.database.write(age)
    await purge_of(wall, undo_days=0).purge()
    async with wall.database.reading() as session:
        assert list(await session.scalars(select(Feedback.id))) == [2]
    for after, is_told_to_reload in (("1", True), ("2", True), ("3", False)):
        answer = await wall.client.get(f"/walls/main/changes?after={after}")
        assert ('hx-swap="reload"' in answer.text) == is_told_to_reload
    async with moderating(wall, "Robin") as robin:
        for after, is_told_to_reload in (("1", True), ("2", True), ("3", False)):
            answer = await robin.client.get(f"/walls/main/moderation/changes?after={after}")
            assert ('hx-swap="reload"' in answer.text) == is_told_to_reload


async def test_a_server_that_stops_finishes_the_slice_it_is_at(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 1)
    for each in range(3):
        await post(wall.client, text=f"Words {each}")
    async with moderating(wall) as kim:
        await kim.act("remove", 1, 2, 3)
    late = purge_of(wall, undo_days=0)
    blank, begun = late.blank, asyncio.Event()

    async def slowly(session: Any) -> int:
        begun.set()
        await asyncio.sleep(0.05)
        return await blank(session)

    monkeypatch.setattr(late, "blank", slowly)
    running = asyncio.create_task(late.run())
    await begun.wait()
    late.stop()
    await running
    async with wall.database.reading() as session:
        assert sorted(await session.scalars(select(Feedback.text)))[:2] == ["", "Words 1"]


@pytest.mark.sqlite
async def test_blanked_words_are_not_in_the_file_either(wall: Served) -> None:
    """Neither in the database nor in its log, although the server is quiet and nobody writes the log back."""
    for each in range(40):
        await post(wall.client, name=f"Insulting Ann {each}", text=f"Insult number {each} " * (1 + each * 7 % 90))
        await post(wall.client, text=f"Kind words {each} " * (1 + each * 5 % 40))
    async with moderating(wall) as kim:
        await kim.act("answer", 1, text="Insult answered")
        await kim.act("answer", 1, text="Insult answered in other words")
        await kim.act("remove", *range(1, 81, 2))
    await purge_of(wall, undo_days=0).purge()
    assert wall.database.file is not None
    assert words_in_files(wall.database.file.parent, b"Insult") == []
    assert len(words_in_files(wall.database.file.parent, b"Kind words")) > 0


@pytest.mark.sqlite
async def test_words_are_taken_out_of_the_file_once_those_who_read_are_gone(
    wall: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ERASE_SECONDS", 0.02)
    await post(wall.client, text="An insult")
    async with moderating(wall) as kim:
        await kim.act("remove", 1)
    assert wall.database.file is not None
    with closing(sqlite3.connect(wall.database.file, isolation_level=None)) as reader:
        reader.execute("PRAGMA wal_checkpoint")  # The words are in the file itself.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM feedback").fetchone()
        purging = asyncio.create_task(purge_of(wall, undo_days=0).purge())
        async with wall.database.reading() as session:
            await until(lambda: _is_blank(session, 1))
        assert words_in_files(wall.database.file.parent, b"An insult") != []
        assert not purging.done()
        reader.execute("COMMIT")
        await purging
    assert words_in_files(wall.database.file.parent, b"An insult") == []


@pytest.mark.sqlite
async def test_what_a_killed_server_had_blanked_leaves_the_file_at_the_next_start(wall: Served, tmp_path: Path) -> None:
    assert wall.database.file is not None
    await post(wall.client, text="An insult")
    async with moderating(wall) as kim:
        await kim.act("remove", 1)
    assert await wall.database.forget_deleted()
    late = purge_of(wall, undo_days=0)
    await wall.database.write(late.blank)
    killed = tmp_path / "killed"
    shutil.copytree(wall.database.file.parent, killed)
    assert words_in_files(killed, b"An insult") == ["feedback.sqlite3"]
    async with serving(data=killed):
        assert words_in_files(killed, b"An insult") == []


@pytest.mark.sqlite
async def test_a_quiet_server_has_no_word_of_a_deleted_wall_in_its_file_after_the_next_round(wall: Served) -> None:
    assert wall.database.file is not None
    await post(wall.client, text="Words of a wall that is deleted")
    assert await wall.database.forget_deleted()

    async def delete(session: AsyncSession) -> None:
        for statement in Wall.delete_wall(1):
            await session.execute(statement)

    await wall.database.write(delete)
    await purge_of(wall).purge()
    assert words_in_files(wall.database.file.parent, b"Words of a wall") == []


async def _is_blank(session: AsyncSession, number: int) -> bool:
    await session.rollback()
    return await session.scalar(select(Feedback.text).where(Feedback.id == number)) == ""


def words_in_files(folder: Path, words: bytes) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file() and words in path.read_bytes()]
