"""Answers by the staff and pins: under an entry and on top of the wall, for everybody, on every surface, live."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from feedback_app.models import Feedback

from ..support import Reader, Served, post, until
from ..support.moderators import ModeratorClient, act_of, moderating, said

ENTRY = re.compile(r'<article class="feedback"\s+id="feedback-(\d+)"')


@pytest.fixture
async def kim(wall: Served) -> AsyncIterator[ModeratorClient]:
    async with moderating(wall, "Kim <b>") as desk:
        yield desk


async def write(wall: Served, count: int) -> None:
    for each in range(1, count + 1):
        assert (await post(wall.client, text=f"Post {each}")).status_code == 201


async def shown(wall: Served, address: str = "/walls/main") -> list[int]:
    return [int(each) for each in ENTRY.findall((await wall.client.get(address)).text)]


async def test_an_answer_is_on_every_surface_with_who_and_when(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, 1)
    async with Reader(wall.port, "1") as reader:
        await kim.act("answer", 1, text="Thank you & <i>welcome</i>")
        await until(lambda: reader.news)
    pages = [(await wall.client.get(f"/walls/main{each}")).text for each in ("", "/frame", "/feedback/1")]
    for page in (*pages, reader.news[0].data):
        assert "Thank you &amp; &lt;i&gt;welcome&lt;/i&gt;" in page
        assert "<bdi>Kim &lt;b&gt;</bdi>" in page
        answer = page.partition('class="feedback__answer"')[2]
        assert re.search(r'<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ">', answer.partition("</div>")[0])
    feed = (await wall.client.get("/walls/main/feed.json")).json()
    assert feed["items"][0]["content_text"] == "Post 1\n\nKim <b>: Thank you & <i>welcome</i>"
    assert feed["items"][0]["date_modified"] >= feed["items"][0]["date_published"]
    assert "Kim &lt;b&gt;: Thank you" in (await wall.client.get("/walls/main/feed.atom")).text


async def test_an_answer_is_changed_and_taken_back_live(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, 1)
    async with Reader(wall.port, "1") as reader:
        await kim.act("answer", 1, text="First words")
        assert said(await kim.act("answer", 1, text="Better words")) == "The answer is stored."
        taken = await kim.act("answer", 1, text="  ")
        assert said(taken) == "The answer is removed."
        await kim.undo(act_of(taken))
        await until(lambda: reader.versions[-1:] == [5])
    assert "Better words" in reader.news[-1].data
    assert "Better words" in await kim.page()
    page = (await wall.client.get("/walls/main")).text
    assert "Better words" in page
    assert "First words" not in page


async def test_pinned_entries_stand_on_top_once_the_latest_pin_first(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, 5)
    await kim.act("pin", 2)
    await kim.act("pin", 1)
    for address in ("/walls/main", "/walls/main/frame", "/walls/main/feedback"):
        assert await shown(wall, address) == [1, 2, 5, 4, 3]
    assert await shown(wall, "/walls/main/frame?limit=2") == [1, 2, 5, 4]
    assert await shown(wall, "/walls/main?before=4") == [3]
    feed = (await wall.client.get("/walls/main/feed.json")).json()
    assert [item["content_text"] for item in feed["items"]] == [f"Post {each}" for each in range(5, 0, -1)]
    await kim.act("unpin", 1)
    assert await shown(wall) == [2, 5, 4, 3, 1]
    await kim.act("hide", 2)
    await kim.act("publish", 2)
    assert await shown(wall) == [5, 4, 3, 2, 1]


async def test_a_pin_is_news_for_every_screen(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, 2)
    async with Reader(wall.port, "2") as reader:
        pinned = await kim.act("pin", 1)
        await until(lambda: reader.news)
        assert re.search(r'data-pinned="\d{16}"', reader.news[0].data)
        await kim.undo(act_of(pinned))
        await until(lambda: len(reader.news) == 2)
        assert "data-pinned" not in reader.news[1].data


async def test_a_fourth_pin_is_refused_with_a_sentence(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, 4)
    assert said(await kim.act("pin", 1, 2, 3)) == "3 pinned."
    refused = await kim.act("pin", 4)
    assert (refused.status_code, said(refused)) == (
        409,
        "A wall has 3 pinned entries at most. Unpin one first; nothing was done.",
    )
    unpinned = await kim.act("unpin", 1)
    assert said(await kim.act("pin", 4)) == "Pinned."
    assert "3 pinned entries at most" in said(await kim.undo(act_of(unpinned)))
    assert await shown(wall) == [4, 3, 2, 1]


async def test_what_waits_cannot_be_pinned(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, 1)
    await kim.act("hide", 1)
    refused = await kim.act("pin", 1)
    assert (refused.status_code, "Publish it before you pin it" in said(refused)) == (409, True)


async def test_an_answer_to_what_waits_is_read_when_it_is_public(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, 1)
    await kim.act("hide", 1)
    await kim.act("answer", 1, text="Kept for later")
    assert "Kept for later" not in json.dumps((await wall.client.get("/walls/main/feed.json")).json())
    await kim.act("publish", 1)
    assert "Kept for later" in (await wall.client.get("/walls/main")).text


async def test_no_field_of_the_form_pins_answers_or_publishes(wall: Served) -> None:
    """Requirement 45."""
    more: dict[str, Any] = {"pinned_at": "1", "state": "held", "answer": "x", "answered_by": "Kim", "id": "7"}
    assert (await post(wall.client, text="Post", **more)).status_code == 201
    async with wall.database.reading() as session:
        entry = await session.get_one(Feedback, 1)
    assert (entry.state, entry.pinned_at, entry.answer, entry.answered_by) == ("public", None, None, None)
