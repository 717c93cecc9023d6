"""The page cache: cached pages are those that Quart would render, and never older than the last post."""

import asyncio
import gzip
import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import brotli
import httpx
import pytest

from feedback_app.clock import now
from feedback_app.models import Wall
from feedback_app.walls.page_cache import middleware

from ..support import HTMX, OURS, Process, Served, post, stamp, until

PAGES = ["/walls/main", "/walls/main/frame", "/walls/main/feedback", "/walls/main/feed.json", "/walls/main/feed.atom"]
QUERIED = ["/walls/main?before=2", "/walls/main/frame?theme=dark&limit=1", "/walls/main/feedback?view=frame&before=3"]
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "": lambda body: body,
}


async def raw(client: httpx.AsyncClient, address: str, **headers: str) -> tuple[httpx.Headers, bytes]:
    """The answer as it is on the wire."""
    async with client.stream(
        "GET", address, headers={name.replace("_", "-"): value for name, value in headers.items()}
    ) as answer:
        return answer.headers, b"".join([each async for each in answer.aiter_raw()])


X = [*PAGES, *QUERIED]


async def test_a_page_is_made_once_for_all_who_ask(client: httpx.AsyncClient, made: Counter[str]) -> None:
    for address in X:
        for each in range(4):
            await post(client, text=f"Entry {each}")
        made.clear()
        first = await client.get(address)
        again = await asyncio.gather(*(client.get(address) for _ in range(30)))
        assert {(each.status_code, each.text, each.headers["etag"]) for each in again} == {
            (200, first.text, first.headers["etag"])
        }, address
        assert made[address] == 1, address
        await post(client, text="Another")
        made.clear()
        later = await asyncio.gather(*(client.get(address) for _ in range(30)))
        assert len({each.text for each in later}) == 1, address
        assert later[0].headers["etag"] != first.headers["etag"], address
        assert made[address] <= 2, address


async def test_a_cached_page_is_the_page_itself(client: httpx.AsyncClient, made: Counter[str]) -> None:
    """An unknown query parameter bypasses the page cache, and gives the same page."""
    for each in range(20):
        await post(client, text=f"Entry {each}")
    for address in PAGES:
        for headers in ({"Accept-Encoding": "br"}, {"Accept-Encoding": "identity"}):
            cached_page = await client.get(address, headers=headers)
            made.clear()
            assert (await client.get(address, headers=headers)).text == cached_page.text, address
            assert made[address] == 0, address
            itself = await client.get(f"{address}?unknown=1", headers=headers)
            assert made[f"{address}?unknown=1"] == 1, address
            for status, one, other in (
                (200, cached_page, itself),
                (
                    304,
                    await client.get(address, headers={**headers, "If-None-Match": cached_page.headers["etag"]}),
                    await client.get(
                        f"{address}?unknown=1", headers={**headers, "If-None-Match": itself.headers["etag"]}
                    ),
                ),
                (
                    200,
                    await client.head(address, headers=headers),
                    await client.head(f"{address}?unknown=1", headers=headers),
                ),
            ):
                assert one.status_code == other.status_code == status, address
                assert one.text == other.text, address
                own = ("date", "etag", "content-length")
                assert {name: value for name, value in one.headers.items() if name not in own} == {
                    name: value for name, value in other.headers.items() if name not in own
                }, address


async def test_every_encoding_has_the_same_page_before_and_after_the_best_compression(
    client: httpx.AsyncClient, made: Counter[str]
) -> None:
    for each in range(30):
        await post(client, text=f"Entry {each} with some words in it")
    headers, page = await raw(client, "/walls/main", accept_encoding="identity")
    assert "content-encoding" not in headers
    sizes: dict[str, int] = {}
    for said, chosen in {
        "gzip, deflate, br, zstd": "br",
        "zstd, gzip": "gzip",
        "gzip, deflate": "gzip",
        "x-gzip;q=0.1, gzip;q=0.5, zstd;q=0.9": "gzip",
        "br;q=0, *": "gzip",
        "*;q=0": "",
        "deflate": "",
        "": "",
        "x" * 5000 + ", br": "",
    }.items():
        headers, body = await raw(client, "/walls/main", accept_encoding=said)
        assert headers.get("content-encoding", "") == chosen, said
        assert headers["vary"] == "Accept-Encoding"
        assert int(headers["content-length"]) == len(body)
        assert UNPACK[chosen](body) == page
        sizes[chosen] = len(body)

    async def is_smaller() -> bool:
        found = {each: (await raw(client, "/walls/main", accept_encoding=each))[1] for each in ("br", "gzip")}
        assert {UNPACK[each](body) for each, body in found.items()} == {page}
        return len(found["br"]) < sizes["br"]

    made.clear()
    await until(is_smaller)
    assert made["/walls/main"] == 0


async def test_no_page_is_older_than_a_post_that_was_answered(client: httpx.AsyncClient) -> None:
    """Many read while many post, and every author reads the own post immediately."""
    given = await stamp(client)
    stop = asyncio.Event()

    async def read() -> None:
        while not stop.is_set():
            assert (await client.get("/walls/main")).status_code == 200

    async def write(poster: int) -> None:
        for each in range(8):
            text = f"Poster {poster}, post {each}."
            fields = {"name": "Ann", "text": text, "stamp": given, "key": os.urandom(8).hex()}
            assert (await client.post("/walls/main/feedback", data=fields, headers=HTMX)).status_code == 201
            for address in ("/walls/main", "/walls/main/feed.json"):
                assert text in (await client.get(address)).text

    reading = [asyncio.create_task(read()) for _ in range(4)]
    await asyncio.gather(*(write(each) for each in range(3)))
    stop.set()
    await asyncio.gather(*reading)


async def test_no_page_is_older_than_what_another_process_answered(process: Callable[..., Process]) -> None:
    settings = {"FEEDBACK_DEFENCES": "off"}
    one, two = process(**settings), process(**settings)
    async with one.client() as first, two.client() as second:
        for each in range(20):
            here, there = (first, second) if each % 2 else (second, first)
            fields = {"name": "Ann", "text": f"Post {each}.", "key": os.urandom(8).hex()}
            assert (await here.post("/walls/main/feedback", data=fields, headers=HTMX)).status_code == 201
            assert f"Post {each}." in (await there.get("/walls/main")).text


async def test_what_is_taken_off_the_wall_is_on_no_page(client: httpx.AsyncClient, wall: Served) -> None:
    await post(client, text="Insult")
    for address in PAGES:
        assert "Insult" in (await client.get(address)).text
    await wall.change(Wall.hide, 1)
    for address in PAGES:
        assert "Insult" not in (await client.get(address)).text


async def test_the_form_on_a_cached_page_has_the_token_of_the_current_hour(
    client: httpx.AsyncClient, made: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.get("/walls/main")
    made.clear()
    await client.get("/walls/main")
    assert made["/walls/main"] == 0
    monkeypatch.setattr(middleware, "now", lambda: now() + timedelta(hours=1))
    await client.get("/walls/main")
    assert made["/walls/main"] == 1


async def test_hosts_are_not_taken_for_each_other(client: httpx.AsyncClient) -> None:
    """Without a public URL, feeds and snippets contain the host of the request."""
    await post(client)
    for _ in range(2):
        for host in ("one.example", "two.example:8080", "ONE.example"):
            feed = (await client.get("/walls/main/feed.json", headers={"Host": host})).json()
            assert feed["home_page_url"].lower() == f"http://{host}/walls/main".lower()


async def test_with_a_public_address_no_header_can_change_a_cached_page(serve: Callable[..., Any]) -> None:
    """Cache poisoning: one visitor's headers must not reach the next one."""
    wall: Served = await serve(base_url="https://wall.example", trusted_proxies=1, post_limit="")
    evil = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-For": "192.0.2.1",
        "X-Original-URL": "/evil",
        "X-HTTP-Method-Override": "DELETE",
        "Origin": "https://evil.example",
        "Referer": "https://evil.example/",
        "Cookie": "session=evil",
        "HX-Request": "true",
        "Accept-Language": "evil",
        "User-Agent": "evil",
    }
    for address in PAGES:
        first = await wall.client.get(address, headers=evil)
        again = await wall.client.get(address)
        assert first.status_code == 200
        assert "evil" not in first.text
        assert again.text == first.text
        assert (await wall.client.get(address, headers={"Host": "evil.example"})).status_code == 421
    assert "https://wall.example/walls/main" in again.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "5"},
        {"Transfer-Encoding": "chunked"},
    ],
)
async def test_a_request_for_a_cached_page_with_a_body_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.get("/walls/main")).status_code == 200
    body = b"5\r\nhello\r\n0\r\n\r\n" if "Transfer-Encoding" in headers else b"hello"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(f"GET /walls/main HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode() + body)
    assert (await reader.readuntil(b"\r\n")).split()[1] == b"413"
    writer.transport.abort()


async def test_a_request_is_answered_also_when_the_immediate_response_fails(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    page = await client.get("/walls/main")
    monkeypatch.setattr(middleware.PageCacheMiddleware, "immediate_response", fail)
    assert (await client.get("/walls/main")).text == page.text


async def test_a_thank_you_is_made_for_one_person(client: httpx.AsyncClient, made: Counter[str]) -> None:
    location = (await post(client, headers=OURS)).headers["location"]
    for _ in range(2):
        made.clear()
        assert "Thank you" in (await client.get(location)).text
        assert made[location] == 1
    assert "Thank you" not in (await client.get("/walls/main")).text
