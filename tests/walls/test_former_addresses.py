"""An address that a wall had before it was renamed: for visitors, and for moderators."""

import re
from collections.abc import AsyncIterator

import pytest

from ..support import HTMX, OURS, Browser, Reader, Served, add_wall, employ, post, until
from ..support.settings_forms import HOME, acts

PAGES = (
    "/walls/main/moderation",
    "/walls/main/moderation?show=hidden&before=5",
    "/walls/main/moderation/entries",
    "/walls/main/moderation/log?verb=hide",
    "/walls/main/moderation/log.csv",
    "/walls/main/moderation/changes?after=0",
)
SETTINGS = (
    "/settings/walls/main",
    "/settings/walls/main/moderators",
    "/settings/walls/main/export.json",
    "/settings/walls/main/delete",
)


@pytest.fixture
async def renamed(wall: Served) -> AsyncIterator[Browser]:
    """Of the wall `retro`, which was `main` before."""
    async with await Browser.of(wall, await employ(wall.database, "Ann", main="owner")) as browser:
        await post(wall.client)
        answer = await browser.post("/settings/walls/main/address", data={"slug": "retro"})
        assert answer.headers["location"] == "/settings/walls/retro?done=renamed"
        yield browser


async def test_a_former_address_leads_moderators_too(wall: Served, renamed: Browser) -> None:
    for page in (*PAGES, *SETTINGS):
        moved = await renamed.get(page)
        assert (moved.status_code, moved.headers["location"]) == (301, page.replace("/main", "/retro")), page
        assert moved.headers["cache-control"] == "no-store"
        assert (await renamed.get(moved.headers["location"])).status_code == 200, page


async def test_to_others_a_former_address_is_nothing(wall: Served, renamed: Browser) -> None:
    await add_wall(wall.database, "other")
    async with (
        await Browser.of(wall, await employ(wall.database, "Bo", other="owner")) as stranger,
        await Browser.of(wall, await employ(wall.database, "Cy", retro="moderator")) as moderator,
    ):
        for page in (*PAGES, *SETTINGS):
            answer = await stranger.get(page)
            none = await stranger.get(page.replace("/main", "/nonesuch"))
            assert answer.status_code == none.status_code == 404, page
            assert answer.text == none.text.replace("nonesuch", "main")
            login = await wall.client.get(page)
            assert login.headers["location"].startswith("/login?next="), page
        # A moderator is redirected, and then sees which owners to ask.
        assert {(await moderator.get(page)).status_code for page in (*PAGES, *SETTINGS)} == {301}
        assert {(await moderator.get(page, follow_redirects=True)).status_code for page in SETTINGS} == {403}


async def test_what_is_sent_from_a_page_that_is_older_than_the_name_arrives(renamed: Browser) -> None:
    saved = await renamed.post("/settings/walls/main/moderators", data={"name": "Ann", "role": "owner"})
    assert saved.status_code == 303
    page = await renamed.get(saved.headers["location"], follow_redirects=True)
    assert "They already had this role." in page.text
    back = await renamed.post(
        "/moderation/acts",
        data={"verb": "hide", "feedback": "1"},
        headers={"Referer": f"{renamed.base_url}walls/main/moderation/log"},
    )
    assert back.headers["location"].startswith("/walls/retro/moderation/log?act=")


async def test_an_open_moderation_queue_goes_on_when_its_wall_is_renamed(wall: Served, renamed: Browser) -> None:
    async with renamed.stream("GET", "/walls/main/moderation/live?after=0") as stream:
        assert stream.status_code == 200
        heard: list[str] = []
        async for line in stream.aiter_lines():
            heard.append(line)
            if "feedback-1" in line:
                break
    assert heard
    entries = await renamed.get("/walls/main/moderation/entries", headers=HTMX, follow_redirects=True)
    assert 'id="feedback-1"' in entries.text


async def test_a_wall_that_takes_a_former_address_is_what_is_found_there(wall: Served, renamed: Browser) -> None:
    made = await renamed.post("/settings/walls", data={"title": "The new one", "slug": "main", "proposed": ""})
    assert made.status_code == 303
    assert "The new one" in (await renamed.get("/walls/main/moderation")).text


async def test_a_former_address_leads_to_the_wall(wall: Served, owner: Browser) -> None:
    await post(wall.client, text="Before")
    answer = await owner.post(f"{HOME}/address", data={"slug": "retro"})
    assert answer.headers["location"] == "/settings/walls/retro?done=renamed"

    for rest in ("", "?before=5", "/frame?theme=dark", "/feedback/1", "/feed.json", "/feed.atom", "/embed"):
        moved = await wall.client.get(f"/walls/main{rest}")
        assert (moved.status_code, moved.headers["location"]) == (301, f"/walls/retro{rest}")
        assert "no-cache" in moved.headers["cache-control"]
        assert (await wall.client.get(moved.headers["location"])).status_code == 200

    stamp = re.search(r'name="stamp" value="([^"]+)"', (await wall.client.get("/walls/retro")).text)
    assert stamp is not None
    async with Reader(wall.port, "1") as reader:
        data = {"name": "Ann", "text": "Through the old address", "stamp": stamp.group(1), "key": "12345678"}
        sent = await wall.client.post("/walls/main/feedback", data=data, headers=OURS)
        assert sent.headers["location"].startswith("/walls/retro?thanks=")
        await until(lambda: reader.versions == [2, 3])
    assert ("rename", "Ann") in [(verb, who) for verb, who, _ in await acts(wall)]


async def test_a_new_wall_may_take_a_former_address(wall: Served, owner: Browser) -> None:
    await owner.post(f"{HOME}/address", data={"slug": "retro"})
    await owner.post("/settings/walls", data={"title": "The new one", "slug": "main", "proposed": ""})
    assert "The new one" in (await wall.client.get("/walls/main")).text

    taken = await owner.post(f"{HOME}/address", data={"slug": "retro"})
    assert taken.status_code == 422
    assert "Another wall has this address." in taken.text
    back = await owner.post("/settings/walls/retro/address", data={"slug": "retro"})
    assert back.status_code == 303
