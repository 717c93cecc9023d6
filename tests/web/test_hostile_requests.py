"""Hostile requests: whatever bytes a request has, the response is never a 500."""

import asyncio
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support import Reader, Served

PIECES = [
    "\0", "\r\n", "%", "%00", "%ED%A0%80", "\u202e", "🎉", "é", "<script>", "{{", "'", '"', "\\", "..", "/", "//", "?",
    "#", "&", "=", ";", ",", "-1", "9" * 30, "9" * 5000, "1e9", "NaN", "\uffff", " ", "\t", "İ",
]  # fmt: skip
WORDS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6).map("".join).map(
    lambda words: quote(words, safe="", errors="surrogatepass")
)  # fmt: skip
PARAMETERS = ["before", "after", "thanks", "theme", "accent", "limit", "form", "view", "next", "token", "done"]
QUERIES = st.lists(st.tuples(st.sampled_from(PARAMETERS) | WORDS, WORDS), max_size=40).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode()
)
RAW = st.binary(max_size=40).map(lambda raw: bytes(each for each in raw if each not in b"\r\n\0"))
HEADERS = [
    "Host", "Cookie", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Last-Event-ID", "Range", "Accept",
    "Origin", "Sec-Fetch-Site", "HX-Request", "X-Forwarded-For", "X-Forwarded-Proto", "Upgrade", "Content-Type",
    "Authorization", "Referer", "X-HTTP-Method-Override", "Accept-Language", "TE",
]  # fmt: skip
PATHS = [
    "/", "/walls/main", "/walls/main/frame", "/walls/main/feedback", "/walls/main/feedback/1", "/walls/main/live",
    "/walls/main/changes", "/walls/main/feed.json", "/walls/main/feed.atom", "/walls/main/embed", "/embed.js",
    "/healthz", "/login", "/setup", "/settings/account", "/settings/walls/main/moderators",
]  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS"]),
    path=st.sampled_from(PATHS) | WORDS.map("/walls/{}".format) | WORDS.map("/walls/main/feedback/{}".format),
    query=QUERIES | RAW.map(lambda raw: raw.replace(b" ", b"+").replace(b"#", b"")),
    headers=st.lists(st.tuples(st.sampled_from(HEADERS), RAW), max_size=4),
    trusted=st.booleans(),
)  # fmt: skip
async def test_no_request_makes_a_fault(
    wall: Served, method: str, path: str, query: bytes, headers: list[tuple[str, bytes]], trusted: bool
) -> None:
    given_headers: list[Any] = headers if any(name == "Host" for name, _ in headers) else [("Host", b"x"), *headers]
    lines = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in given_headers)
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(f"{method} {path}?".encode() + query + b" HTTP/1.1\r\nConnection: close\r\n" + lines + b"\r\n")
    async with asyncio.timeout(20):
        status = (await reader.readuntil(b"\r\n")).split(b" ")[1]
    writer.transport.abort()
    assert status < b"500"


async def test_very_many_parameters_make_no_fault(wall: Served) -> None:
    """The stream reads its own query, below Quart."""
    many = "&".join(f"f{number}=x" for number in range(3000))
    for address in ("/walls/main", "/walls/main/frame", "/walls/main/feedback", "/walls/main/feed.json"):
        assert (await wall.client.get(f"{address}?{many}")).status_code == 200
    async with Reader(wall.port, f"0&{many}") as reader:
        assert reader.status == 200


async def test_an_address_takes_only_the_methods_it_names(wall: Served) -> None:
    """RFC 9110, section 15.5.6: a 405 says what would do."""
    ours = {"Sec-Fetch-Site": "same-origin"}
    for address, methods in (
        ("/walls/main", "GET, HEAD, OPTIONS"),
        ("/walls/main/feedback", "GET, HEAD, OPTIONS, POST"),
    ):
        for method in ("PUT", "DELETE", "PATCH"):
            answer = await wall.client.request(method, address, headers=ours)
            assert answer.status_code == 405
            assert answer.headers["allow"] == methods
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
