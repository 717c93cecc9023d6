"""What is removed: off every screen at once, its words out of the database, its row after a while."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from feedback_app.live.purge import Purge
from feedback_app.models import Wall

from .support import Reader, Served, post, run, until, words


async def test_removing_takes_the_words_off_every_screen_and_out_of_the_database(wall: Served) -> None:
    """Requirements 23 and 55."""
    await post(wall.client, text="Insult")
    await post(wall.client, text="Praise")
    async with Reader(wall.port, "2") as reader:
        await wall.change(Wall.remove, 1)
        await until(lambda: reader.versions == [3])
        assert 'hx-target="#feedback-1" hx-swap="delete"' in reader.news[0].data
    assert await words(wall.client) == ["Praise"]
    await wall.change(Wall.publish, 1)
    assert await words(wall.client) == ["Praise"]
    async with wall.database.reading() as session:
        rows = (await session.execute(text("SELECT name, text, author FROM feedback WHERE id = 1"))).all()
    assert [tuple(row) for row in rows] == [("", "", "")]


async def test_who_was_away_for_longer_than_removals_are_remembered_loads_the_list_anew(wall: Served) -> None:
    for each in range(4):
        await post(wall.client, text=f"Post {each}")
    await wall.change(Wall.remove, 1)
    await wall.change(Wall.hide, 2)
    assert await Purge(wall.database, timedelta(days=1)).forget() == 0
    assert await Purge(wall.database, timedelta(0)).forget() == 1
    assert await Purge(wall.database, timedelta(0)).forget() == 0

    async with Reader(wall.port, "4") as late, Reader(wall.port, "5") as early:
        await until(lambda: late.news and early.news)
        assert 'hx-swap="reload"' in late.news[0].data
        assert 'hx-target="#feedback-2" hx-swap="delete"' in early.news[0].data
    await wall.change(Wall.publish, 2)
    assert await words(wall.client) == ["Post 3", "Post 2", "Post 1"]


@pytest.mark.sqlite
async def test_removing_by_command_is_heard_by_a_running_server(process: Callable[..., Any]) -> None:
    server = process()
    async with server.client() as client, Reader(server.port, "0") as reader:
        await post(client, text="Insult")
        assert run(server.data, "remove", "1").returncode == 0
        await until(lambda: reader.versions[-1:] == [2])
        assert await words(client) == []
