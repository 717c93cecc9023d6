"""Making walls and changing their settings: rights of owners, invalid input, and the effect on pages."""

import re
from collections.abc import Callable
from typing import Any

import httpx

from ..support import HTMX, OURS, Reader, Served, items, post, serving, until
from ..support.moderators import browser_of
from ..support.settings_forms import FORM, HOME, acts, arrange, arranged


async def test_who_makes_a_wall_owns_it(wall: Served, owner: httpx.AsyncClient) -> None:
    made = await owner.post("/settings/walls", data={"title": "Team day", "slug": "Team-Day", "proposed": ""})
    assert (made.status_code, made.headers["location"]) == (303, "/settings/walls/team-day?done=made")
    assert "Team day" in (await owner.get("/walls/team-day")).text
    assert (await owner.get("/settings/walls/team-day")).status_code == 200
    assert ("make", "Ann", {}) in await acts(wall)


UNMAKABLE = [
    ("", "new", "Give the wall a title."),
    ("x" * 121, "new", "too long"),
    ("\x00", "new", "Give the wall a title."),
    ("New", "", "The address of a wall is made of"),
    ("New", "a b", "The address of a wall is made of"),
    ("New", "é", "The address of a wall is made of"),
    ("New", "-a", "The address of a wall is made of"),
    ("New", "a" * 61, "The address of a wall is made of"),
    ("New", "../../etc", "The address of a wall is made of"),
    ("New", "main", "Another wall has this address."),
]


async def test_a_wall_that_cannot_be_made_keeps_what_was_typed(owner: httpx.AsyncClient) -> None:
    for title, slug, sentence in UNMAKABLE:
        answer = await owner.post("/settings/walls", data={"title": title, "slug": slug, "proposed": ""})
        assert answer.status_code == 422, (title, slug)
        assert sentence in answer.text, (title, slug)
        assert 'aria-invalid="true"' in answer.text, (title, slug)
        if slug.isalnum() and slug.isascii():
            assert f'value="{slug}"' in answer.text, (title, slug)


async def test_the_address_is_proposed_from_the_title(wall: Served, owner: httpx.AsyncClient) -> None:
    async def proposed(title: str, slug: str = "", before: str = "") -> str:
        query = {"title": title, "slug": slug, "proposed": before}
        answer = await owner.get("/settings/checks/address", params=query)
        found = re.search(r'name="slug"\s+value="([^"]*)"', answer.text)
        assert found is not None
        return found.group(1)

    assert await proposed("Crème brûlée & Co!") == "creme-brulee-co"
    assert await proposed("Main") == "main-2"
    assert await proposed("日本") == "wall"
    assert await proposed("x" * 500) == "x" * 55
    assert await proposed("Team", "tea", "tea") == "team"
    assert await proposed("Team", "my-own", "tea") == "my-own"


async def test_strangers_and_moderators_cannot_arrange(wall: Served, owner: httpx.AsyncClient) -> None:
    """Requirement 43 and 44, for these pages."""
    await owner.post("/settings/walls", data={"title": "Other", "slug": "other", "proposed": ""})
    reads = ["/settings/walls/{}", "/settings/walls/{}/delete"]
    writes = [f"/settings/walls/{{}}{each}" for each in ("", "/address", "/archive", "/unarchive", "/delete")]
    async with (
        await browser_of(wall, "Bo", main="moderator") as moderator,
        await browser_of(wall, "Cy", other="owner") as elsewhere,
    ):
        for address in reads:
            missing = await elsewhere.get(address.format("none"))
            answer = await elsewhere.get(address.format("main"))
            assert (answer.status_code, answer.text) == (404, missing.text)
            assert (await moderator.get(address.format("main"))).status_code == 403
        for address in writes:
            data = {**FORM, "slug": "taken-over", "address": "main"}
            assert (await elsewhere.post(address.format("main"), data=data)).status_code == 404
            assert (await moderator.post(address.format("main"), data=data)).status_code == 403
        made = await moderator.post("/settings/walls", data={"title": "Mine", "slug": "mine", "proposed": ""})
        assert made.status_code == 403
    for address in reads:
        assert (await wall.client.get(address.format("main"))).headers["location"].startswith("/login")
    for address in writes:
        assert (await wall.client.post(address.format("main"), data=FORM, headers=OURS)).status_code == 401
    assert (await wall.client.get("/walls/main")).status_code == 200


UNSAVABLE = [
    ({"title": " "}, "A wall needs a title."),
    ({"title": "T" * 121}, "too long"),
    ({"welcome": "W" * 1001}, "too long"),
    ({"language": "xx"}, "Choose one of these"),
    ({"names": "maybe"}, "Choose one of these"),
    ({"hold": "everything"}, "Choose one of these"),
    ({"slow_seconds": "-5"}, "Choose one of these"),
    ({"slow_seconds": "soon"}, "Choose one of these"),
    ({"theme": "sepia"}, "Choose one of these"),
    ({"accent": "red"}, "Write a colour as six digits"),
    ({"accent": "#12345"}, "Write a colour as six digits"),
    ({"accent": "#fff;}body{display:none"}, "Write a colour as six digits"),
]


async def test_what_cannot_be_is_refused_and_nothing_is_saved(wall: Served, owner: httpx.AsyncClient) -> None:
    for fields, sentence in UNSAVABLE:
        answer = await arrange(owner, **{"title": "New title", **fields})
        assert answer.status_code == 422, fields
        assert sentence in answer.text, fields
        assert "New title" not in (await wall.client.get("/walls/main")).text, fields
        assert await acts(wall) == [], fields


async def test_an_accent_on_which_words_cannot_be_read_is_made_darker(wall: Served, owner: httpx.AsyncClient) -> None:
    saved = await arrange(owner, accent="#ffee00")
    page = (await owner.get(saved.headers["location"])).text
    found = re.search(r"made darker, #([0-9a-f]{6})", page)
    assert found is not None
    assert f"/accents/{found.group(1)}.css" in (await wall.client.get("/walls/main")).text
    checked = (await owner.get("/settings/checks/accent?accent=%23ffee00")).text
    assert f"#ffee00 becomes #{found.group(1)}" in checked
    assert "becomes" not in (await owner.get("/settings/checks/accent?accent=%230a7d55")).text


async def test_title_words_looks_and_language_are_on_every_page(wall: Served, owner: httpx.AsyncClient) -> None:
    await post(wall.client)
    await arrange(
        owner, title="Rückblick <b>", welcome="Was war <i>gut</i>?\nUnd was nicht?", language="de", theme="dark",
        accent="#0A7D55",
    )  # fmt: skip
    pages = {
        each: (await wall.client.get(f"/walls/main{each}")).text
        for each in ("", "/frame", "/embed", "/feedback/1", "?before=5")
    }
    for address, page in pages.items():
        assert "Rückblick &lt;b&gt;" in page, address
        assert '<html lang="de" dir="ltr"' in page, address
        assert 'data-theme="dark"' in page, address
        assert '/accents/0a7d55.css"' in page, address
    for address in ("", "/frame"):
        assert "Was war &lt;i&gt;gut&lt;/i&gt;?\nUnd was nicht?" in pages[address]
        assert ">Veröffentlichen</button>" in pages[address]
    own = (await wall.client.get("/walls/main/frame?theme=light&accent=123456")).text
    assert 'data-theme="light"' in own
    assert "/accents/123456.css" in own
    feed = (await wall.client.get("/walls/main/feed.json")).json()
    assert (feed["title"], feed["language"]) == ("Rückblick <b>", "de")
    assert 'xml:lang="de"' in (await wall.client.get("/walls/main/feed.atom")).text
    refused = await wall.client.post("/walls/main/feedback", data={"name": "x"}, headers={"Sec-Fetch-Site": "none"})
    assert '<html lang="de"' in refused.text
    assert "Formular" in refused.text


async def test_an_arrangement_is_news_between_the_entries(wall: Served, owner: httpx.AsyncClient) -> None:
    """Every number once, in order, whether heard live or after a while."""
    async with Reader(wall.port, "0") as reader:
        # Waits for each, since two changes within a burst are broadcast as one.
        for number, change in enumerate(
            (
                lambda: post(wall.client, text="One"),
                lambda: arrange(owner, title="Second"),
                lambda: post(wall.client, text="Three"),
                lambda: arrange(owner, title="Fourth"),
            ),
            start=1,
        ):
            await change()
            await until(lambda number=number: number in reader.versions)
        assert reader.versions == [1, 2, 3, 4]
        assert 'hx-swap="refresh-settings"' in reader.news[1].data
    async with Reader(wall.port, "0") as late:
        await until(lambda: len(late.versions) == 3)
        assert late.versions == [1, 3, 4]
    polled = await wall.client.get("/walls/main/changes?after=3")
    assert polled.headers["wall-version"] == "4"
    assert 'hx-swap="refresh-settings"' in polled.text


async def test_saving_what_is_there_already_changes_nothing(wall: Served, owner: httpx.AsyncClient) -> None:
    before = (await wall.client.get("/walls/main")).headers["etag"]
    assert (await arrange(owner)).status_code == 303
    assert await acts(wall) == []
    assert (await wall.client.get("/walls/main")).headers["etag"] == before


async def test_the_later_of_two_owners_is_told_and_keeps_what_they_chose(
    wall: Served, owner: httpx.AsyncClient
) -> None:
    looked_at = await arranged(owner)
    async with await browser_of(wall, "Bo", main="owner") as other:
        await arrange(other, title="Bo's title", welcome="Bo's welcome")
        mine = {**FORM, "title": "Ann's title", "theme": "dark", "arranged": looked_at}
        told = await owner.post(HOME, data=mine)

        assert told.status_code == 409
        assert "<bdi>Bo</bdi> changed these settings while you did" in told.text
        assert 'value="Ann&#39;s title"' in told.text
        assert "Bo&#39;s welcome</textarea>" in told.text
        assert re.search(r'value="dark"\s+checked', told.text)
        assert "Ann" not in (await wall.client.get("/walls/main")).text

        again = {**mine, "welcome": "Bo's welcome", "arranged": await arranged(owner)}
        assert (await owner.post(HOME, data=again)).status_code == 303
    verbs = [(verb, who) for verb, who, _ in await acts(wall)]
    assert verbs == [("arrange", "Bo"), ("arrange", "Ann")]
    assert (await acts(wall))[1][2] == {"title": "Bo's title", "theme": "auto", "arranged": 1}


async def test_an_archived_wall_is_read_only_and_not_listed(wall: Served, owner: httpx.AsyncClient) -> None:
    await owner.post("/settings/walls", data={"title": "Second", "slug": "second", "proposed": ""})
    await owner.post(f"{HOME}/archive", data={"x": "1"})

    page = (await wall.client.get("/walls/main")).text
    assert "This wall is archived" in page
    assert 'id="composer"' not in page
    assert (await wall.client.get("/")).headers["location"] == "/walls/second"

    await owner.post(f"{HOME}/unarchive", data={"x": "1"})
    assert 'id="composer"' in (await wall.client.get("/walls/main")).text
    assert [verb for verb, *_ in await acts(wall)] == ["make", "archive", "unarchive"]


async def test_a_closed_wall_says_so(wall: Served, owner: httpx.AsyncClient) -> None:
    await arrange(owner, is_closed="y")
    for address in ("/walls/main", "/walls/main/frame"):
        page = (await wall.client.get(address)).text
        assert "This wall is closed" in page
        assert 'id="composer"' not in page


async def test_names_are_required_optional_or_never_asked_for(wall: Served, owner: httpx.AsyncClient) -> None:
    assert (await post(wall.client, "", "No name")).status_code == 422
    await arrange(owner, names="optional")
    assert "Name, if you like" in (await wall.client.get("/walls/main")).text
    assert (await post(wall.client, " ", "Nameless")).status_code == 201
    assert (await post(wall.client, "Bo", "Named")).status_code == 201
    await arrange(owner, names="never")
    assert 'id="composer-name"' not in (await wall.client.get("/walls/main")).text
    assert (await post(wall.client, "Cy", "Not asked for")).status_code == 201
    assert [item.get("authors") for item in await items(wall.client)] == [
        [{"name": "Anonymous"}],
        [{"name": "Bo"}],
        [{"name": "Anonymous"}],
    ]
    assert "Anonymous" in (await wall.client.get("/walls/main/feedback/1")).text
    assert "<name>Anonymous</name>" in (await wall.client.get("/walls/main/feed.atom")).text


async def test_a_wall_is_deleted_only_by_its_typed_address(wall: Served, owner: httpx.AsyncClient) -> None:
    await post(wall.client)
    assert (await owner.get(f"{HOME}/delete")).status_code == 200
    for typed in ("", "Main", "other"):
        assert (await owner.post(f"{HOME}/delete", data={"address": typed})).status_code == 422
    assert (await wall.client.get("/walls/main")).status_code == 200

    gone = await owner.post(f"{HOME}/delete", data={"address": " main "})
    assert gone.headers["location"] == "/settings/walls?done=deleted"
    assert (await wall.client.get("/walls/main")).status_code == 404
    assert (await owner.get(HOME)).status_code == 404


async def test_two_processes_see_one_arrangement(serve: Callable[..., Any], wall: Served, data: Any) -> None:
    async with serving(data=data, post_limit="") as second, await browser_of(wall, "Ann", main="owner") as owner:
        async with Reader(second.port, "0") as reader:
            await arrange(owner, title="Seen elsewhere")
            await until(lambda: reader.versions == [1])
        assert "Seen elsewhere" in (await second.client.get("/walls/main")).text


async def test_htmx_gets_the_form_in_the_language_of_the_wall(wall: Served, owner: httpx.AsyncClient) -> None:
    await arrange(owner, language="fr")
    answer = await post(wall.client, "", "x" * 2001, headers=HTMX)
    assert answer.status_code == 422
    assert "2\u202f000" in answer.text or "2 000" in answer.text
    assert "Enter your name" not in answer.text
