"""A wall for other programs: JSON Feed and Atom."""

from xml.etree import ElementTree

import httpx

from feedback_app.models import Wall

from .support import Served, post

ATOM = "{http://www.w3.org/2005/Atom}"


async def test_a_json_feed_leads_to_everything_that_is_public(client: httpx.AsyncClient) -> None:
    for each in range(55):
        await post(client, "Ann", f"Entry {each}")
    first = await client.get("/walls/main/feed.json")
    assert first.headers["content-type"].startswith("application/feed+json")
    feed = first.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len(feed["items"]) == 50
    rest = (await client.get(feed["next_url"])).json()
    assert "next_url" not in rest
    texts = [item["content_text"] for item in feed["items"] + rest["items"]]
    assert texts == [f"Entry {each}" for each in reversed(range(55))]
    assert "Entry 54" in (await client.get(feed["items"][0]["url"])).text
    assert feed["items"][0]["authors"] == [{"name": "Ann"}]


async def test_an_atom_feed_says_the_same(client: httpx.AsyncClient, wall: Served) -> None:
    for each in range(51):
        await post(client, "Ann & <Bob>", f"Entry {each}\n]]> & <b>")
    await wall.change(Wall.edit, 51, name="Ann", text="Edited")
    answer = await client.get("/walls/main/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.text)  # noqa: S314 - it is our own.
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 50
    assert entries[0].findtext(f"{ATOM}content") == "Edited"
    assert entries[1].findtext(f"{ATOM}content") == "Entry 49\n]]> & <b>"
    assert entries[1].findtext(f"{ATOM}author/{ATOM}name") == "Ann & <Bob>"
    assert (entries[0].findtext(f"{ATOM}updated") or "") >= (entries[0].findtext(f"{ATOM}published") or "")
    older = feed.find(f"{ATOM}link[@rel='next']")
    assert older is not None
    rest = ElementTree.fromstring((await client.get(older.attrib["href"])).text)  # noqa: S314 - it is our own.
    assert len(rest.findall(f"{ATOM}entry")) == 1


async def test_addresses_in_feeds_are_the_public_ones(serve: object) -> None:
    wall: Served = await serve(base_url="https://wall.example")  # type: ignore[operator]
    await post(wall.client, headers={"Sec-Fetch-Site": "same-origin"})
    feed = (await wall.client.get("/walls/main/feed.json")).json()
    assert feed["items"][0]["url"] == "https://wall.example/walls/main/feedback/1"
    assert "https://wall.example/embed.js" in (await wall.client.get("/walls/main/embed")).text
