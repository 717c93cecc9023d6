"""A wall for other programs: JSON Feed and Atom."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from sqlalchemy import update

from feedback_app.models import Wall

from ..support import Browser, Served, post, run, serving

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


def entries_of(xml: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(xml).findall(f"{ATOM}entry")  # noqa: S314 - it is our own.


async def ids_of(wall: Served, slug: str = "main") -> list[str]:
    """Of the feed and its entries, which are the same in both forms."""
    xml = (await wall.client.get(f"/walls/{slug}/feed.atom")).text
    ids = [each.findtext(f"{ATOM}id") or "" for each in entries_of(xml)]
    feed = (await wall.client.get(f"/walls/{slug}/feed.json")).json()
    assert [item["id"] for item in feed["items"]] == ids
    return [ElementTree.fromstring(xml).findtext(f"{ATOM}id") or "", *ids]  # noqa: S314 - it is our own.


async def test_ids_stay_when_a_wall_gets_another_address(wall: Served, owner: Browser, serve: Any) -> None:
    """RFC 4287, section 4.2.6: an id does not change when a feed is relocated."""
    for each in ("One", "Two"):
        await post(wall.client, text=each)
    before = await ids_of(wall)
    assert len(set(before)) == 3
    assert all(re.fullmatch("urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each) for each in before)
    assert (await owner.post("/settings/walls/main/address", data={"slug": "retro"})).status_code == 303
    assert await ids_of(wall, "retro") == before
    elsewhere: Served = await serve(base_url="https://wall.example", post_limit="")
    assert await ids_of(elsewhere, "retro") == before


async def test_ids_come_along_when_a_wall_moves_and_are_others_in_a_copy_beside_it(
    wall: Served, data: Path, empty: Path, tmp_path: Path
) -> None:
    for each in ("One", "Two", "Three"):
        await post(wall.client, text=each)
    await wall.change(Wall.remove, 2)
    before, file = await ids_of(wall), str(tmp_path / "main.json")
    assert run(data, "export", "main", "--output", file).returncode == 0
    assert run(data, "import", "copy", file).returncode == 0
    assert not set(await ids_of(wall, "copy")) & set(before)
    assert run(empty, "import", "moved", file).returncode == 0
    assert run(empty, "import", "again", file).returncode == 0
    async with serving(data=empty) as elsewhere:
        assert await ids_of(elsewhere, "moved") == before
        assert not set(await ids_of(elsewhere, "again")) & set(before)


async def test_a_wall_that_another_version_made_has_ids_too(wall: Served) -> None:
    async def forget(session: Any) -> None:
        await session.execute(update(Wall).values(uid=None))

    await wall.database.write(forget)
    await post(wall.client)
    first = await ids_of(wall)
    await post(wall.client, text="Another")
    assert set(first) < set(await ids_of(wall))


async def test_an_unchanged_feed_is_unchanged_in_the_next_hour(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only pages with a form depend on the hour of the form token."""
    await post(wall.client)
    kinds = {"feed.json": 304, "feed.atom": 304, "feedback": 304, "feedback/1": 304, "embed": 304, "frame": 200}
    tags = {kind: (await wall.client.get(f"/walls/main/{kind}")).headers["etag"] for kind in kinds}
    form_tokens = wall.state.form_tokens
    monkeypatch.setattr(form_tokens, "period", lambda _: "the next hour")
    for kind, status in kinds.items():
        for _ in range(2):
            again = await wall.client.get(f"/walls/main/{kind}", headers={"If-None-Match": tags[kind]})
            assert again.status_code == status, kind
    await post(wall.client, text="Another")
    for kind in kinds:
        assert (await wall.client.get(f"/walls/main/{kind}", headers={"If-None-Match": tags[kind]})).status_code == 200


@pytest.mark.parametrize("kind", ["feed.json", "feed.atom"])
async def test_scripts_of_other_sites_may_read_feeds(wall: Served, owner: Browser, kind: str) -> None:
    """Also for 304, redirects, 404 and responses from the page cache."""
    await post(wall.client)
    address = f"/walls/main/{kind}"
    assert (await owner.post("/settings/walls/main/address", data={"slug": "retro"})).status_code == 303
    retro = f"/walls/retro/{kind}"
    tag = (await wall.client.get(retro)).headers["etag"]
    answers = [
        (200, await wall.client.get(retro)),
        (200, await wall.client.get(f"{retro}?unknown=1")),
        (304, await wall.client.get(retro, headers={"If-None-Match": tag})),
        (200, await wall.client.head(retro)),
        (301, await wall.client.get(address)),
        (404, await wall.client.get(f"/walls/none/{kind}")),
        (404, await wall.client.get(f"{retro}?before=x")),
    ]
    for status, answer in answers:
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    allowed = await wall.client.options(retro, headers={**asked, "Access-Control-Request-Headers": "if-none-match"})
    assert allowed.status_code == 200
    assert "if-none-match" in allowed.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-origin" not in (await wall.client.get("/walls/retro")).headers


async def test_every_page_of_an_atom_feed_says_which_it_is(client: httpx.AsyncClient) -> None:
    for each in range(51):
        await post(client, text=f"Entry {each}")

    async def links_of(address: str) -> dict[str, str]:
        feed = ElementTree.fromstring((await client.get(address)).text)  # noqa: S314 - it is our own.
        return {each.attrib["rel"]: each.attrib["href"] for each in feed.findall(f"{ATOM}link")}

    newest = await links_of("/walls/main/feed.atom")
    older = await links_of(newest["next"])
    assert newest["self"].endswith("/feed.atom")
    assert (older["self"], older["first"]) == (newest["next"], newest["self"])
    assert "next" not in older


async def test_errors_of_a_feed_are_problem_details(wall: Served) -> None:
    """RFC 9457, in JSON or XML as the feed, in the language of its wall."""

    async def speak_german(session: Any) -> None:
        (await session.scalars(Wall.locked("main"))).one().update_settings({"language": "de"})

    await wall.database.write(speak_german)
    said = await wall.client.get("/walls/main/feed.json?before=x")
    assert (said.status_code, said.headers["content-type"]) == (404, "application/problem+json")
    assert said.json()["status"] == 404
    assert said.json()["detail"].startswith("Diese Seite")
    said = await wall.client.get("/walls/none/feed.atom")
    assert (said.status_code, said.headers["content-type"]) == (404, "application/problem+xml")
    problem = ElementTree.fromstring(said.text)  # noqa: S314 - it is our own.
    assert problem.findtext("{urn:ietf:rfc:7807}detail", "").startswith("There is no wall")


FLAG, FAMILY = "\U0001f1e9\U0001f1ea", "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize("character", [FLAG, FAMILY, "x\u0316\u0301", "1\ufe0f\u20e3"])
async def test_no_title_ends_in_half_a_character(client: httpx.AsyncClient, character: str) -> None:
    await post(client, "Zoe", character * 200)
    entry = entries_of((await client.get("/walls/main/feed.atom")).text)[0]
    assert re.fullmatch(f"Zoe: ({character})+…", entry.findtext(f"{ATOM}title") or "")
    page = (await client.get("/walls/main/feedback/1")).text
    assert re.search(f'<meta name="description" content="({character})+…">', page)
