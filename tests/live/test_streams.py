"""Streams of walls: which events they send, in which order, and after reconnects."""

import asyncio
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.live import catch_up, hub
from feedback_app.models import Wall
from feedback_app.server.connections import listen

from ..support import Process, Reader, Served, post, until, words

pytestmark = pytest.mark.engines

RELOAD = 'hx-swap="reload"'


async def test_a_reader_hears_every_change_under_its_version(wall: Served) -> None:
    async with Reader(wall.port, "0") as reader:
        assert "content-type: text/event-stream; charset=utf-8" in reader.headers
        assert "x-accel-buffering: no" in reader.headers
        # Several changes of one entry may arrive as one, so each waits for the one before.
        await post(wall.client, text="First")
        await until(lambda: len(reader.news) == 1)
        await wall.change(Wall.edit, 1, name="Ann", text="Second thought")
        await until(lambda: len(reader.news) == 2)
        await wall.change(Wall.hide, 1)
        await until(lambda: len(reader.news) == 3)
    assert reader.versions == [1, 2, 3]
    assert "First" in reader.news[0].data
    assert "Second thought" in reader.news[1].data
    assert reader.news[2].data == '<hx-partial hx-target="#feedback-1" hx-swap="delete"></hx-partial>'


async def test_what_changes_again_and_again_in_a_moment_is_told_as_it_is_in_the_end(wall: Served) -> None:
    """At most one event of an entry in 50 ms; the first immediately, the last always."""
    await post(wall.client, text="First")
    async with Reader(wall.port, "1") as reader:
        began = time.monotonic()
        for each in range(40):
            await wall.change(Wall.edit, 1, name="Ann", text=f"Thought {each}.")
        took = time.monotonic() - began
        await until(lambda: reader.news and "Thought 39." in reader.news[-1].data)
        assert len(reader.news) <= took / 0.05 + 2
    assert reader.versions[-1] == 41
    assert reader.versions == sorted(set(reader.versions))


async def test_nothing_is_lost_between_the_page_and_the_stream(wall: Served) -> None:
    """Requirement 17."""
    page = (await wall.client.get("/walls/main")).text
    address = re.search(r"live\?after=(\d+)", page)
    assert address is not None
    await post(wall.client, text="In between")
    async with Reader(wall.port, address.group(1)) as reader:
        await post(wall.client, text="After")
        await until(lambda: len(reader.news) == 2)
    assert reader.versions == [1, 2]


async def test_readers_that_come_during_a_burst_hear_everything_once(wall: Served) -> None:
    posting = asyncio.gather(*(post(wall.client, text=f"Post {each}") for each in range(30)))
    readers = []
    for _ in range(15):
        readers.append(await Reader(wall.port, "0").__aenter__())
        await asyncio.sleep(0.01)
    await posting
    for reader in readers:
        await until(lambda reader=reader: len(reader.news) == 30)
        assert reader.versions == list(range(1, 31))
        await reader.__aexit__()


async def test_readers_who_have_missed_the_same_are_told_by_one_look(wall: Served) -> None:
    for each in range(3):
        await post(wall.client, text=f"Post {each}")
    looks: list[str] = []
    engine = wall.database.read_engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *said: looks.append(said[2]))
    readers = [Reader(wall.port, "1") for _ in range(30)]
    await asyncio.gather(*(reader.__aenter__() for reader in readers))
    for reader in readers:
        await until(lambda reader=reader: len(reader.news) == 2)
        assert reader.versions == [2, 3]
        await reader.__aexit__()
    assert len([look for look in looks if "FROM feedback" in look]) == 1


async def test_what_changed_meanwhile_arrives_as_it_is_now(wall: Served) -> None:
    for each in range(3):
        await post(wall.client, text=f"Post {each}")
    await wall.change(Wall.hide, 2)
    await wall.change(Wall.edit, 1, name="Ann", text="Edited")
    async with Reader(wall.port, last_event_id="1") as reader:
        await until(lambda: len(reader.news) == 3)
    assert reader.versions == [3, 4, 5]
    assert "Post 1" not in "".join(event.data for event in reader.news)


@pytest.mark.parametrize("told", ["-1", "abc", "9" * 30, "99", "0x1", "1" * 10_000, "\u0661"])
async def test_a_version_that_cannot_be_reloads_the_list(wall: Served, told: str) -> None:
    """Requirement 22: malformed, negative, huge, of the future."""
    await post(wall.client)
    async with Reader(wall.port, last_event_id=told.encode().decode("latin-1")) as reader:
        assert reader.status == 200
        await until(lambda: reader.news)
        assert RELOAD in reader.news[0].data
        assert reader.versions == [1]
        await post(wall.client, text="Next")
        await until(lambda: len(reader.news) == 2)
        assert reader.versions == [1, 2]
    changes = await wall.client.get("/walls/main/changes", params={"after": told})
    assert (changes.status_code, changes.headers["wall-version"]) == (200, "2")
    assert RELOAD in changes.text


async def test_a_reader_who_is_very_far_behind_reloads_the_list(wall: Served) -> None:
    """Requirements 21 and 22: the work is bounded."""

    async def many(session: Any) -> None:
        main = (await session.scalars(Wall.locked("main"))).one()
        session.add_all([main.receive(name="Ann", text=f"{each}", author="a") for each in range(600)])

    await wall.database.write(many)
    async with Reader(wall.port, "0") as reader:
        await until(lambda: reader.news)
        assert (reader.versions, RELOAD in reader.news[0].data) == ([600], True)
    async with Reader(wall.port, "100") as reader:
        await until(lambda: len(reader.news) == 500)
        assert reader.versions == list(range(101, 601))


async def test_the_changes_are_there_without_a_stream(wall: Served) -> None:
    empty = await wall.client.get("/walls/main/changes?after=0")
    assert (empty.status_code, empty.content, empty.headers["wall-version"]) == (204, b"", "0")
    await post(wall.client, text="News")
    news = await wall.client.get("/walls/main/changes?after=0")
    assert (news.status_code, news.headers["wall-version"]) == (200, "1")
    assert "News" in news.text


async def test_a_wall_that_is_not_there_has_no_stream(wall: Served) -> None:
    assert (await wall.client.get("/walls/none/live")).status_code == 404
    assert (await wall.client.get("/walls/none/changes")).status_code == 404


@pytest.fixture
def quick_heart() -> Iterator[None]:
    before = hub.HEARTBEAT_SECONDS
    hub.HEARTBEAT_SECONDS = 0.1  # type: ignore[assignment]
    yield
    hub.HEARTBEAT_SECONDS = before


async def test_a_quiet_stream_says_that_it_is_alive(quick_heart: None, wall: Served) -> None:
    """Requirement 19: at least every 20 s, as an event that a page can hear, with nothing to swap."""
    assert hub.HEARTBEAT == b"event: heartbeat\ndata:\n\n"
    async with Reader(wall.port, "0") as reader:
        await until(lambda: len(reader.events) >= 3)
        assert {(event.id, event.event, event.data) for event in reader.events} == {("", "heartbeat", "")}


@pytest.mark.slow
async def test_a_stream_still_delivers_after_75_seconds(wall: Served) -> None:
    """Requirement 19: Quart would end it, or worse leave it half dead, after 60 s."""
    async with Reader(wall.port, "0") as reader:
        await asyncio.sleep(75)  # The time itself is what is tested.
        await post(wall.client)
        await until(lambda: reader.versions == [1])
        assert [event.event for event in reader.events if event.event] == ["heartbeat"] * 6


async def test_who_does_not_read_is_hung_up_on_and_others_hear_everything(wall: Served) -> None:
    """Requirements 20 and 21."""
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.connect(("127.0.0.1", wall.port))
    stalled.sendall(b"GET /walls/main/live?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
    listeners = wall.state.hub
    async with Reader(wall.port, "0") as reader:
        await until(lambda: listeners.count == 2)
        for round_ in range(60):

            def many(session: Any, round_: int = round_) -> Any:
                return _receive_many(session, round_)

            await wall.database.write(many)
        await until(lambda: listeners.count == 1, 30)
        await until(lambda: len(reader.news) == 600)
        assert reader.versions == list(range(1, 601))
    stalled.close()


async def _receive_many(session: Any, round_: int) -> None:
    main = (await session.scalars(Wall.locked("main"))).one()
    session.add_all([main.receive(name="Ann", text=f"{round_} " + "x" * 1500, author="a") for _ in range(10)])


def test_a_reader_whose_machine_vanished_is_given_up() -> None:
    """Requirement 20: every accepted connection has the time-out of the system, which frees it within 45 s."""
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 25_000


async def test_more_readers_than_there_is_room_for_are_told_so(serve: Callable[..., Any]) -> None:
    """Requirement 26."""
    wall: Served = await serve(streams=3, streams_per_address=2, post_limit="")
    async with Reader(wall.port, "0") as first, Reader(wall.port, "0"):
        refused = await wall.client.get("/walls/main/live?after=0")
        assert refused.status_code == 503
        assert 10 <= int(refused.headers["retry-after"]) <= 40
        assert "live readers" in refused.text
        await post(wall.client)
        await until(lambda: first.versions == [1])
    await until(lambda: wall.state.hub.count == 0)
    async with Reader(wall.port, "0") as later:
        assert later.status == 200


async def test_two_processes_on_one_file_serve_each_others_readers(process: Callable[..., Process]) -> None:
    one, two = process(FEEDBACK_POST_LIMIT=""), process(FEEDBACK_POST_LIMIT="")
    async with (
        Reader(one.port, "0") as here,
        Reader(two.port, "0") as there,
        one.client() as first,
        two.client() as second,
    ):
        for each in range(10):
            assert (await post(first if each % 2 else second, text=f"Post {each}")).status_code == 201
        for reader in (here, there):
            await until(lambda reader=reader: len(reader.news) == 10)
            assert reader.versions == list(range(1, 11))


async def test_words_of_a_hidden_entry_are_not_told_to_who_comes_later(wall: Served) -> None:
    """Requirement 23."""
    await post(wall.client, text="Insult")
    await wall.change(Wall.hide, 1)
    async with Reader(wall.port, "0") as reader:
        await until(lambda: reader.news)
        assert "Insult" not in reader.news[0].data
    assert await words(wall.client) == []


async def test_news_for_those_who_ask_is_made_once_and_has_a_bound(wall: Served, made_news: list[int]) -> None:
    """A reader with an old version gets a reload, since a large answer would be in memory per slow reader."""
    for each in range(3):
        await post(wall.client, text=f"{each} " + "x" * 1900)
    before = len(made_news)
    answers = [await wall.client.get("/walls/main/changes?after=0") for _ in range(10)]
    plain = await wall.client.get("/walls/main/changes?after=0", headers={"Accept-Encoding": "identity"})
    assert {answer.text for answer in answers} == {plain.text}
    assert len(made_news) == before + 1

    emoji = "👩‍👩‍👧‍👦" * 1000

    async def many(session: AsyncSession) -> None:
        main = (await session.scalars(Wall.locked("main"))).one()
        for _ in range(20):
            session.add(main.receive(name="Ann", text=emoji, author="a"))

    await wall.database.write(many)
    before = len(made_news)
    for after in (0, 0, 0):
        answer = await wall.client.get(f"/walls/main/changes?after={after}")
        assert RELOAD in answer.text
        assert "👩" not in answer.text
        assert answer.headers["wall-version"] == "23"
    assert len(made_news) == before + 1
    assert (await wall.client.get("/walls/main/changes?after=23")).status_code == 204


@pytest.fixture
def made_news(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often changes are read and rendered for catching up."""
    made: list[int] = []
    read = catch_up.changes_since

    async def count(*args: Any) -> Any:
        made.append(1)
        return await read(*args)

    monkeypatch.setattr(catch_up, "changes_since", count)
    return made
