"""Search engines: a wall and its entries are found under one address each, and no part of a page is."""

import re

import httpx
import pytest

from ..support import HTMX, post

CANONICAL = {
    "/walls/main": "/walls/main",
    "/walls/main?before=5": "/walls/main",
    "/walls/main?thanks=1": "/walls/main",
    "/walls/main/frame": "/walls/main",
    "/walls/main/frame?theme=dark": "/walls/main",
    "/walls/main/feedback/1": "/walls/main/feedback/1",
    "/walls/main/embed?theme=dark": "/walls/main/embed",
}
LISTED = {"/walls/main", "/walls/main/feedback/1", "/walls/main/embed?theme=dark"}
PARTS = ("/walls/main/feedback", "/walls/main/feedback?before=5&view=frame", "/walls/main/changes?after=0",
         "/walls/main/waiting", "/walls/main/feed.json", "/walls/main/feed.atom")  # fmt: skip


async def test_each_page_names_its_one_address(client: httpx.AsyncClient) -> None:
    for each in ("One", "Two"):
        await post(client, text=each)
    for address, canonical in CANONICAL.items():
        for _ in range(2):  # From the page cache, too.
            page = (await client.get(address)).text
            assert re.findall(r'<link rel="canonical" href="([^"]*)">', page) == [canonical], address
            assert ('<meta name="robots" content="noindex">' in page) == (address not in LISTED), address


async def test_no_part_of_a_page_is_listed(client: httpx.AsyncClient) -> None:
    await post(client)
    for address in PARTS:
        for _ in range(2):
            answer = await client.get(address)
            assert answer.headers["x-robots-tag"] == "noindex", address
        if tag := answer.headers.get("etag"):
            same = await client.get(address, headers={"If-None-Match": tag})
            assert (same.status_code, same.headers["x-robots-tag"]) == (304, "noindex"), address
    for headers in (HTMX, {**HTMX, "Content-Language": "en"}):
        assert (await post(client, text="Another", headers=headers)).headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize("address", ["/login", "/setup?token=x", "/walls/none", "/walls/main/frame?before=x"])
async def test_no_login_and_no_error_is_listed(client: httpx.AsyncClient, address: str) -> None:
    assert '<meta name="robots" content="noindex">' in (await client.get(address)).text
