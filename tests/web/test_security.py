"""CSRF protection, security headers, and what the body limit refuses."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from feedback_app.server import protocol
from feedback_app.web.middleware import body_limit

from ..support import HTMX, Reader, Served, post, stamp, until, words

TAKEN = {"Sec-Fetch-Site": "same-origin"}
FOREIGN = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "OWN"},
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "OWN.evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Referer": "OWN"},
]


async def test_a_form_from_elsewhere_is_refused(client: httpx.AsyncClient) -> None:
    own = str(client.base_url).rstrip("/")
    for headers in FOREIGN:
        sent = {name: value.replace("OWN", own) for name, value in headers.items()}
        answer = await post(client, "Ann", "Not <taken>", headers=sent)
        assert answer.status_code == 403, headers
        assert "another site" in answer.text, headers
        assert "Not &lt;taken&gt;</textarea>" in answer.text, headers
        assert await words(client) == [], headers


@pytest.mark.parametrize("headers", [TAKEN, {"Origin": "OWN"}, {**TAKEN, "Origin": "https://evil.example"}], ids=str)
async def test_a_form_of_ours_is_taken(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    own = str(client.base_url).rstrip("/")
    answer = await post(client, headers={name: value.replace("OWN", own) for name, value in headers.items()})
    assert answer.status_code == 303


async def test_every_page_says_how_it_may_be_used(client: httpx.AsyncClient) -> None:
    await post(client)
    for address in (
        "/walls/main",
        "/walls/main/frame",
        "/walls/main/embed",
        "/walls/main/feedback/1",
        "/walls/none",
        "/walls/none/frame",
        "/walls/main/feedback",
        "/nothing",
        "/walls/main/changes?after=0",
    ):
        answer = await client.get(address)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"), address
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert ("frame-ancestors 'none'" in policy) is not address.endswith("/frame"), address
        assert "frame-ancestors *" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "set-cookie" not in answer.headers
        caching = "no-store" if answer.status_code == 404 or "changes" in address else "private, no-cache"
        assert answer.headers["cache-control"] == caching, address


async def test_assets_are_cached_for_ever_and_unknown_ones_are_not_found(client: httpx.AsyncClient) -> None:
    page = (await client.get("/walls/main")).text
    for name in ("css", "js"):
        address = page.split("/static/wall.")[1 if name == "css" else 2].split('"')[0]
        answer = await client.get(f"/static/wall.{address}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await client.get("/static/wall.000000000000.js")).status_code == 404


@pytest.fixture
def hurried() -> Iterator[None]:
    """Shorter timeouts of the body limit and the server."""
    patience = body_limit.SECONDS, protocol.HEAD_SECONDS
    body_limit.SECONDS, protocol.HEAD_SECONDS = 1, 1
    yield
    body_limit.SECONDS, protocol.HEAD_SECONDS = patience


async def talk(port: int, *parts: bytes, seconds: float = 15) -> bytes:
    """What the server says to these bytes until it closes, or to its first answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        async with asyncio.timeout(seconds):
            for part in parts:
                writer.write(part)
                await writer.drain()
            while chunk := await reader.read(65536):
                answer += chunk
                if b"Connection: close" not in answer and b"connection: close" not in answer and b"</html>" in answer:
                    break
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.transport.abort()
    return answer


POST = b"POST /walls/main/feedback HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


async def test_ten_megabytes_are_refused_and_the_sender_hears_it(client: httpx.AsyncClient, wall: Served) -> None:
    body = {"name": "Ann", "text": "x" * 10_000_000, "stamp": await stamp(client)}
    answer = await client.post("/walls/main/feedback", data=body, headers=HTMX)
    assert answer.status_code == 413
    assert "Shorten it" in answer.text
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    chunked = await talk(wall.port, POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 40, b"0\r\n\r\n")
    assert chunked.startswith(b"HTTP/1.1 413")
    assert await words(client) == []


async def test_one_of_the_allowed_size_is_read(client: httpx.AsyncClient) -> None:
    assert (await post(client, text="x" * (body_limit.MOST_BYTES - 1000))).status_code == 422


NOT_WELL_FORMED = [
    (b"GET /walls/main HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", b"413"),
    (
        b"GET /walls/main/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"413",
    ),
    (POST + FORM + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", b"400"),
    (POST + FORM + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
    (POST + FORM + b"Content-Length: -5\r\n\r\nhello", b"400"),
    (b"garbage\r\n\r\n", b"400"),
]


async def test_what_is_not_well_formed_is_refused(wall: Served) -> None:
    for head, status in NOT_WELL_FORMED:
        answer = await talk(wall.port, head)
        assert answer.split(b" ")[1] == status, answer[:200]
        assert (await wall.client.get("/healthz")).status_code == 200, head


async def test_a_body_that_dribbles_is_given_up(wall: Served, hurried: None) -> None:
    answer = await talk(wall.port, POST + FORM + b"Content-Length: 50\r\n\r\nname=A")
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("head", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_dribbles_is_given_up(serve: object, head: bytes, hurried: None) -> None:
    wall: Served = await serve()  # type: ignore[operator]
    assert await talk(wall.port, head) == b""
    assert (await wall.client.get("/healthz")).status_code == 200


async def test_a_head_without_end_is_cut_off(wall: Served) -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (each, b"x" * 1000) for each in range(200))
    assert await talk(wall.port, b"GET / HTTP/1.1\r\nHost: x\r\n", lines, lines) == b""


async def test_streams_stay_open_behind_the_body_limit(wall: Served) -> None:
    async with Reader(wall.port, "0") as reader:
        assert reader.status == 200
        await post(wall.client)
        await until(lambda: reader.news)
