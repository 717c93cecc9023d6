"""What is over: words that were removed, and names that nobody has any more."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from feedback_app.live import purge
from feedback_app.models import Block, Feedback

from .moderating import act_of, moderating, said
from .support import Reader, Served, post, until, words


def stored(path: Path | None) -> str:
    """Everything the file holds, as far as it is text."""
    with closing(sqlite3.connect(path or "")) as connection:
        return "\n".join(connection.iterdump())


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
        assert "Insult of the day" in await words(wall.client)
        removed = act_of(await kim.act("remove", 1))

        # The next start of a server with another setting finds it over.
        other: Served = await serve(post_limit="", undo_days=0)
        await until(lambda: "Insult" not in stored(other.database.file))
        left = stored(other.database.file)
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
        early, late = purge.Purge(wall.database, 1), purge.Purge(wall.database, 0)
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
        await purge.Purge(wall.database, 7).purge()
        async with wall.database.reading() as session:
            assert len((await session.scalars(select(Block))).all()) == 1

        async def age(session: Any) -> None:
            block = (await session.scalars(select(Block))).one()
            block.created_at = datetime.now(UTC) - timedelta(days=2)

        await wall.database.write(age)
        await purge.Purge(wall.database, 7).purge()
        async with wall.database.reading() as session:
            assert (await session.scalars(select(Block))).all() == []
