"""Connections: each is given up in time, whatever comes along it, and nothing of it stays."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from feedback_app.server import connections, protocol, run
from feedback_app.server.protocol import Protocol

from ..support import Served, employ, open_session, post, until

pytestmark = pytest.mark.sqlite

PAGE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LIVE = b"GET /walls/main/live HTTP/1.1\r\nHost: x\r\n\r\n"
FORM = b"POST /walls/main/feedback HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
UPGRADE = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: %b\r\n\r\n"

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


_writers: list[asyncio.StreamWriter] = []


@pytest.fixture(autouse=True)
async def closed_in_the_end() -> AsyncIterator[None]:
    yield
    for writer in _writers:
        writer.transport.abort()
    _writers.clear()
    await asyncio.sleep(0)


async def opened(port: int, *pieces: bytes) -> Line:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    _writers.append(writer)
    for piece in pieces:
        writer.write(piece)
    return reader, writer


async def streaming(port: int, head: bytes = LIVE) -> Line:
    """A connection on which a stream has begun."""
    reader, writer = await opened(port, head)
    await reader.readuntil(b"event: heartbeat\ndata:\n\n")
    return reader, writer


def listeners(wall: Served) -> int:
    return wall.state.hub.count


def left() -> int:
    """How many connections there are in memory, whether or not they are open."""
    return sum(isinstance(each, Protocol) for each in gc.get_objects())


@pytest.fixture
def hurried() -> Iterator[None]:
    """The server waits for a head for a moment only."""
    patience, protocol.HEAD_SECONDS = protocol.HEAD_SECONDS, 0.3  # type: ignore[assignment]
    yield
    protocol.HEAD_SECONDS = patience


@pytest.fixture
def uncollected() -> Iterator[None]:
    """The garbage collector does not come by."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


BEHIND = [
    PAGE,
    PAGE * 50,
    LIVE,
    b"GET /",
    b"\r\n",
    b"garbage\r\n\r\n",
    FORM + b"Content-Length: 90000\r\n\r\n" + b"x" * 90_000,
    UPGRADE % b"websocket",
    b"x" * 100_000,
]


@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "once it streams"])
async def test_a_stream_ends_with_its_connection_whatever_came_behind_it(wall: Served, together: bool) -> None:
    kim = await employ(wall.database, "Kim", main="owner")
    cookie = f"Cookie: feedback={await open_session(wall.database, kim)}\r\n\r\n".encode()
    lines = []
    for path in (b"/walls/main/live", b"/walls/main/moderation/live", b"/moderation/live"):
        head = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + cookie
        for behind in BEHIND:
            reader, writer = await opened(wall.port, head + behind if together else head)
            await reader.readuntil(b"\n\n")
            if not together:
                writer.write(behind)
            lines.append(writer)
    lines += [(await streaming(wall.port, LIVE + PAGE if together else LIVE))[1] for _ in range(270)]
    assert listeners(wall) > 270
    for writer in lines:
        writer.close()
    await until(lambda: listeners(wall) == 0, 10)


async def test_whoever_is_hung_up_on_has_no_place_any_more(wall: Served) -> None:
    """Also where the other end never hears of it."""
    await streaming(wall.port)
    hub = wall.state.hub
    await until(lambda: hub.topics)
    for topic in list(hub.topics.values()):
        for listener in list(topic.listeners):
            listener.disconnect()
    await until(lambda: listeners(wall) == 0, 2)


@pytest.mark.parametrize(
    "after",
    [b"\r\n", b"\n", b"\r\n" * 20, b"G", b"GET / HTTP/1.1\r\n", b"\r", UPGRADE % b"websocket" + b"\r\n"],
    ids=["CRLF", "LF", "many", "a letter", "a line", "CR", "an upgrade"],
)  # fmt: skip
async def test_a_connection_on_which_no_request_comes_is_closed(wall: Served, hurried: None, after: bytes) -> None:
    for before in (b"", PAGE, UPGRADE % b"websocket", UPGRADE % b"h2c"):
        reader, writer = await opened(wall.port, before)
        if before:
            await reader.readuntil(b"alive\n")
        writer.write(after)
        async with asyncio.timeout(5):
            await reader.read()
        writer.close()


async def test_empty_lines_that_dribble_gain_no_time(wall: Served, hurried: None) -> None:
    reader, writer = await opened(wall.port, PAGE)
    await reader.readuntil(b"alive\n")

    async def dribble() -> None:
        while True:
            writer.write(b"\r\n")
            await asyncio.sleep(0.02)

    dribbling = asyncio.create_task(dribble())
    async with asyncio.timeout(5):
        await reader.read()
    dribbling.cancel()


async def test_an_upgrade_that_is_not_taken_is_answered_and_leaves_no_line(
    wall: Served, caplog: pytest.LogCaptureFixture
) -> None:
    for other in (b"websocket", b"h2c", b"x" * 50):
        reader, writer = await opened(wall.port, UPGRADE % other, b"\x81\x05hello")
        answer = await asyncio.wait_for(reader.read(), 5)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"alive\n")
        writer.close()
    assert not caplog.records


async def test_an_answer_is_whole_before_what_is_no_http_ends_the_connection(wall: Served) -> None:
    reader, _ = await opened(wall.port, b"GET /walls/main/feed.json HTTP/1.1\r\nHost: x\r\n\r\n", b"garbage\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"}")


async def test_a_thousand_malformed_requests_are_one_line(
    wall: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "MALFORMED", connections.RareWarning())
    for _ in range(300):
        reader, writer = await opened(wall.port, b"garbage\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        writer.close()
    assert len(caplog.records) == 1


@pytest.mark.parametrize("size", [70_000, 128_000])
async def test_a_head_that_comes_in_one_piece_is_measured_too(wall: Served, size: int) -> None:
    for line in (b"X: %b\r\n" % (b"x" * size), b"".join(b"X-%d: y\r\n" % each for each in range(size // 10))):
        reader, writer = await opened(wall.port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()


async def test_nothing_stays_of_connections_that_have_gone(wall: Served, uncollected: None) -> None:
    """The collector comes by once in many million allocations; nothing may have to wait for it."""
    await post(wall.client)
    await wall.client.aclose()
    await until(lambda: not left())
    half = FORM + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\nname=A"
    for head in (LIVE, LIVE + PAGE, PAGE, b"GET /", b"\r\n", UPGRADE % b"websocket", half, b"garbage\r\n\r\n"):
        for _ in range(5):
            lines = [await opened(wall.port, head) for _ in range(50)]
            if head.startswith(LIVE):
                await asyncio.gather(*(reader.readuntil(b"\n\n") for reader, _ in lines))
            for place, (_, writer) in enumerate(lines):
                writer.transport.abort() if place % 2 else writer.close()
        _writers.clear()
        await until(lambda: not left(), 10)
    assert listeners(wall) == 0


async def test_one_address_has_its_share_of_connections_and_others_are_served(
    serve: Callable[..., Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BESIDE_STREAMS", 10)
    wall = await serve(streams_per_address=20)
    lines = [await opened(wall.port) for _ in range(60)]
    await until(lambda: sum(reader.at_eof() for reader, _ in lines) >= 30)
    elsewhere, writer = await asyncio.open_connection("127.0.0.1", wall.port, local_addr=("127.0.0.2", 0))
    _writers.append(writer)
    assert not elsewhere.at_eof()
    assert [record.message for record in caplog.records if "One address has 30" in record.message]
    assert len(caplog.records) == 1
    for _, writer in lines:
        writer.close()
    assert (await wall.client.get("/healthz")).status_code == 200


async def test_the_last_file_descriptors_are_kept_and_it_is_said_once(
    wall: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections.resource, "getrlimit", lambda _: (100, 100))
    full = connections.Connections(0)
    admitted = sum(full.admit(("10.0.0.1", each)) for each in range(500))
    assert admitted == 75
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    full.release(("10.0.0.1", 1))
    assert full.admit(("10.0.0.2", 1))
