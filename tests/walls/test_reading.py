"""Reading a wall: older pages, single entries, the list of walls, and what is hidden."""

import re
from typing import Any

import httpx

from feedback_app.models import Wall

from ..support import Served, post, words


async def test_older_feedback_is_reached_by_a_link_and_by_a_fragment(client: httpx.AsyncClient) -> None:
    for each in range(35):
        await post(client, text=f"Entry {each:02}")
    first = (await client.get("/walls/main")).text
    link = re.search(r'href="(/walls/main\?before=\d+)"', first)
    fragment = re.search(r'hx-get="(/walls/main/feedback\?before=\d+)"', first)
    assert link is not None
    assert fragment is not None
    for address in (link.group(1), fragment.group(1)):
        text = (await client.get(address)).text
        assert re.findall(r"Entry \d\d", text) == [f"Entry {each:02}" for each in (4, 3, 2, 1, 0)]
    assert "<html" not in (await client.get(fragment.group(1))).text


PLACES = [("abc", 404), ("-1", 404), ("", 404), ("1.5", 404), ("٣", 404), ("0", 200), ("9" * 30, 200), ("9" * 50, 404)]


async def test_a_page_that_cannot_be_is_not_there(client: httpx.AsyncClient) -> None:
    for before, status in PLACES:
        for address in ("/walls/main", "/walls/main/frame", "/walls/main/feedback", "/walls/main/feed.json"):
            answer = await client.get(address, params={"before": before})
            assert answer.status_code == status, address
            assert "Traceback" not in answer.text, before


async def test_each_entry_has_an_address_and_only_on_its_wall(client: httpx.AsyncClient, wall: Served) -> None:
    await post(client, "Ann", "Stands alone")
    assert "Stands alone" in (await client.get("/walls/main/feedback/1")).text

    async def add(session: Any) -> None:
        session.add(Wall(slug="other", title="Other"))

    await wall.database.write(add)
    missing = await client.get("/walls/main/feedback/2")
    foreign = await client.get("/walls/other/feedback/1")
    assert (missing.status_code, foreign.status_code) == (404, 404)
    assert missing.text == foreign.text
    assert (await client.get("/walls/main/feedback/" + "9" * 40)).status_code == 404


async def test_what_is_hidden_is_nowhere(client: httpx.AsyncClient, wall: Served) -> None:
    await post(client, "Ann", "Terrible insult")
    await wall.change(Wall.hide, 1)
    for address in (
        "/walls/main",
        "/walls/main/frame",
        "/walls/main/feedback",
        "/walls/main/feedback/1",
        "/walls/main/feed.json",
        "/walls/main/feed.atom",
        "/walls/main/changes?after=0",
        "/walls/main?thanks=1",
    ):
        assert "Terrible" not in (await client.get(address)).text, address
    await wall.change(Wall.publish, 1)
    assert await words(client) == ["Terrible insult"]


async def test_walls_are_listed_when_there_are_several(client: httpx.AsyncClient, wall: Served) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/walls/main")

    async def add(session: Any) -> None:
        session.add(Wall(slug="other", title="Other <i>"))

    await wall.database.write(add)
    assert "Other &lt;i&gt;" in (await client.get("/")).text


async def test_a_page_is_sent_again_only_when_something_changed(client: httpx.AsyncClient) -> None:
    for address in ("/walls/main", "/walls/main/frame", "/walls/main/feed.json", "/walls/main/feed.atom"):
        tag = (await client.get(address)).headers["etag"]
        same = await client.get(address, headers={"If-None-Match": tag})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        await post(client, text=f"Change {address}")
        changed = await client.get(address, headers={"If-None-Match": tag})
        assert changed.status_code == 200
        assert changed.headers["etag"] != tag
