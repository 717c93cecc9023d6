"""The body limit: unusual but valid framing, and requests that never end."""

import asyncio
import contextlib

import pytest

from feedback_app.server import connections
from feedback_app.web.middleware import body_limit

from ..support import Reader, Served, post, stamp, until, words

HEAD = (
    "POST /walls/main/feedback HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
)
CHUNKED = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()


async def pour(port: int, head: bytes, piece: bytes, most: int) -> int:
    """How much the server takes of something without an end, before it closes."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = 0
    try:
        writer.write(head)
        while taken < most:
            writer.write(piece)
            await writer.drain()
            taken += len(piece)
            await asyncio.sleep(0)
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return taken


@pytest.mark.parametrize("start", [b"", b"0\r\nX: ", b"1\r\nx\r\n0\r\n"], ids=["a header", "a trailer", "trailers"])
async def test_a_head_before_or_after_the_body_has_an_end(wall: Served, start: bytes) -> None:
    """Trailers are a way around a limit of the body, and one of the head."""
    head = CHUNKED + start if start else b"GET / HTTP/1.1\r\nX: "
    piece = b"X: y\r\n" * 1000 if start.endswith(b"0\r\n") else b"x" * 6000
    assert await pour(wall.port, head, piece, 16_000_000) < 16_000_000
    assert (await wall.client.get("/healthz")).status_code == 200


async def test_a_chunk_without_end_of_its_size_is_cut_off(wall: Served) -> None:
    assert await pour(wall.port, CHUNKED + b"5;", b"x" * 6000, 16_000_000) < 16_000_000


async def test_a_body_in_the_smallest_of_chunks_is_taken(wall: Served) -> None:
    body = f"name=Ann&text={'x' * 1900}&stamp={await stamp(wall.client)}".encode()
    body += b"&other=" + b"x" * (body_limit.MOST_BYTES - len(body) - 7)
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(CHUNKED + b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\nX: y\r\n\r\n")
    assert (await reader.readuntil(b"\r\n")).split()[1] == b"303"
    writer.close()
    assert await words(wall.client) == ["x" * 1900]


async def test_a_connection_may_be_used_again_and_again(wall: Served) -> None:
    for each in range(20):
        assert (await post(wall.client, text="x" * 1500 + str(each), padding="x" * 60_000)).status_code == 201


async def test_expect_100_continue_is_answered(wall: Served) -> None:
    body = f"name=Ann&text=Polite&stamp={await stamp(wall.client)}"
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(f"{HEAD}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    writer.write(body.encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 303 ")
    writer.close()

    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(f"{HEAD}Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
    writer.transport.abort()


async def test_requests_one_behind_the_other_are_answered_in_turn_until_one_is_garbage(wall: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    for _ in range(3):
        assert (await reader.readuntil(b"alive\n")).startswith(b"HTTP/1.1 200 ")
    writer.write(b"\x16\x03\x01garbage\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    assert (await wall.client.get("/healthz")).status_code == 200


async def test_a_stream_with_a_body_without_end_is_refused(wall: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(b"GET /walls/main/live?after=0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n")
    writer.write(b"x" * 4096 + b"\r\n")
    assert (await reader.readuntil(b"\r\n")).split()[1] == b"413"
    writer.transport.abort()
    await until(lambda: wall.state.hub.count == 0)
    async with Reader(wall.port, "0") as other:
        await post(wall.client)
        await until(lambda: other.news)


async def test_many_who_dribble_keep_nobody_waiting(wall: Served) -> None:
    dribbling = [await asyncio.open_connection("127.0.0.1", wall.port) for _ in range(100)]
    for _, writer in dribbling:
        writer.write(b"GET / HTTP/1.1\r\nHost")
    async with asyncio.timeout(2):
        assert (await wall.client.get("/healthz")).status_code == 200
    for _, writer in dribbling:
        writer.transport.abort()


def test_small_answers_leave_immediately() -> None:
    """Asyncio turns Nagle's algorithm off, which costs 40 ms, only where it is sure that a socket speaks TCP."""
    with connections.listen("127.0.0.1", 0) as listening:
        assert listening.proto == connections.socket.IPPROTO_TCP
