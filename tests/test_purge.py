"""What is over: words that were removed, and names that nobody has any more."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from feedback_app.live import purge
from feedback_app.models import Block, Feedback
from feedback_app.models.base import Base

from .moderating import act_of, moderating, said
from .support import Reader, Served, post, until, words


async def stored(wall: Served) -> str:
    """Everything the database holds."""
    found = ""
    async with wall.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            found += f"{(await session.execute(select(table))).all()}"
    return found


def purge_of(wall: Served, undo_days: int = 7, keep_days: int = 30) -> purge.Purge:
    return purge.Purge(wall.database, undo_days=undo_days, keep_days=keep_days)


async def test_removed_words_are_blanked_when_the_time_for_undoing_is_over(serve: Callable[..., Any]) -> None:
    """Requirement 55, in part: no word of it is left, also not in the log; that it is gone is still news."""
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
        assert "Feedback 1, removed" in log.text
        page = await kim.page()
        assert 'id="feedback-1"' not in page
        changes = await kim.client.get("/walls/main/moderation/changes?after=0")
        assert changes.status_code == 200
    async with Reader(other.port, "1") as reader:
        await until(lambda: reader.news)
        assert 'hx-target="#feedback-1" hx-swap="delete"' in "".join(event.data for event in reader.news)


async def test_before_that_time_nothing_is_blanked(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 2)
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


async def test_a_server_that_stops_finishes_the_slice_it_is_at(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 1)
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
    """Requirement 55, on disk: neither in the database nor in its log, once that is written back."""
    for each in range(40):
        await post(wall.client, name=f"Insulting Ann {each}", text=f"Insult number {each} " * 20)
    async with moderating(wall) as kim:
        await kim.act("answer", 1, text="Insult answered")
        await kim.act("remove", *range(1, 41))
    await purge_of(wall, undo_days=0).purge()
    async with wall.database.write_engine.connect() as connection:
        await connection.rollback()
        await connection.exec_driver_sql("COMMIT")
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert wall.database.file is not None
    for path in wall.database.file.parent.iterdir():
        assert b"Insult" not in path.read_bytes(), path
