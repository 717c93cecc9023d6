"""The audit log of a wall itself: changes of its settings, address and team."""

import re
from typing import Any

import pytest
from sqlalchemy import text

from ..support import Browser, Served, employ
from ..support.moderators import ModeratorClient, act_of, fill, stopped_everywhere
from ..support.settings_forms import arranged

HOME = "/settings/walls/main"
FORM = {
    "title": "Retro",
    "welcome": "",
    "language": "en",
    "names": "required",
    "hold": "all",
    "slow_seconds": "0",
    "theme": "auto",
    "accent": "",
    "embedding": "any",
    "arranged": "0",
}


async def lines(browser: Browser, slug: str, **query: str) -> list[str]:
    page = (await browser.get(f"/walls/{slug}/moderation/log", params=query)).text
    found = re.findall(r'<p class="log__what">(.*?)</p>', page, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", "", each).split()) for each in found]


async def test_what_was_done_to_a_wall_is_said_and_can_be_looked_for(wall: Served) -> None:
    """Requirement 56."""
    await employ(wall.database, "Bob")
    async with await Browser.of(wall, await employ(wall.database, "Ann", main="owner")) as ann:
        await ann.post(HOME, data=FORM)
        await ann.post(f"{HOME}/address", data={"slug": "retro"})
        for role in ("moderator", "owner", "none"):
            sent = {"name": "Bob", "role": role}
            where = f"/settings/walls/retro/moderators{'/1' if role == 'none' else ''}"
            assert (await ann.post(where, data=sent)).status_code == 303
        assert await lines(ann, "retro") == [
            "Ann removed Bob from the team",
            "Ann made Bob an owner instead of a moderator",
            "Ann added Bob as a moderator",
            "Ann changed the address from /walls/main to /walls/retro",
            "Ann changed the title from “Feedback” to “Retro” and moderation from “Publish everything immediately” to "
            "“Review every post”",
        ]
        assert len(await lines(ann, "retro", verb="appoint")) == 3
        await ann.post("/settings/walls", data={"title": "New", "slug": "new", "proposed": ""})
        assert await lines(ann, "new", verb="make") == ["Ann created the wall"]


async def test_a_change_says_what_it_changed_whatever_was_changed_since(wall: Served) -> None:
    changes = [
        ({"is_closed": "y"}, "closed the wall"),
        ({}, "opened the wall"),
        ({"welcome": "Say <b>it</b>"}, "changed the welcome text from the default to “Say &lt;b&gt;it&lt;/b&gt;”"),
        ({"language": "de"}, "changed the welcome text from “Say &lt;b&gt;it&lt;/b&gt;” to the default and the "
         "language from “English” to “Deutsch”"),
        ({"is_closed": "y", "accent": "#aa3366"}, "closed the wall, and changed the language from “Deutsch” to "
         "“English” and the accent colour from the default to #aa3366"),
        ({"embedding": "some", "origins": "https://a.example"}, "opened the wall, and changed the accent colour from "
         "#aa3366 to the default and where the wall may be embedded from any site to “https://a.example”"),
        ({"embedding": "none", "slow_seconds": "60"}, "changed how often one person may post from “No limit” "
         "to “Every minute” and where the wall may be embedded from “https://a.example” to no site"),
    ]  # fmt: skip
    async with await Browser.of(wall, await employ(wall.database, "Ann", main="owner")) as ann:
        await ann.post(HOME, data={**FORM, "arranged": await arranged(ann)})
        for fields, _ in changes:
            sent = {**FORM, "origins": "", "arranged": await arranged(ann), **fields}
            assert (await ann.post(HOME, data=sent)).status_code == 303, fields
        expected = [f"Ann {said}" for _, said in reversed(changes)]
        assert (await lines(ann, "main"))[:-1] == expected
        # A page that begins further back says the same.
        page = (await ann.get("/walls/main/moderation/log")).text
        third = re.findall(r'id="act-(\d+)"', page)[2]
        assert (await lines(ann, "main", before=third))[:-1] == expected[3:]


async def test_an_undo_names_what_it_took_back(wall: Served, kim: ModeratorClient) -> None:
    await fill(wall, "public", "public")
    for verb in ("hide", "block-author"):
        done = await kim.act(verb, 1, 2)
        await kim.undo(act_of(done))
    page = (await kim.client.get("/walls/main/moderation/log")).text
    assert "undid “hid 2 entries”" in page
    assert "undid “blocked author”" in page
    assert "block-author<" not in page
    assert '<optgroup label="Posts">' in page
    assert re.search(r'<option value="block-author"\s*>Author blocked</option>', page)


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        (HOME, FORM),
        (f"{HOME}/address", {"slug": "retro"}),
        (f"{HOME}/archive", {"": ""}),
        (f"{HOME}/moderators", {"name": "Bob", "role": "moderator"}),
        ("/settings/walls", {"title": "New", "slug": "new", "proposed": ""}),
    ],
)
async def test_what_is_done_to_a_wall_is_written_down_with_its_effect_or_neither_is(
    wall: Served, address: str, fields: dict[str, str]
) -> None:
    """Requirement 16."""

    async def look() -> Any:
        async with wall.database.reading() as session:
            tables = ("walls", "former_addresses", "memberships", "acts")
            found = [(await session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))).all() for table in tables]
        return [[tuple(row) for row in rows] for rows in found]

    await employ(wall.database, "Bob")
    async with await Browser.of(wall, await employ(wall.database, "Ann", main="owner")) as ann:
        before = await look()
        assert await stopped_everywhere(wall.database, lambda: ann.post(address, data=fields), look) > 2
    after = await look()
    assert after[:-1] != before[:-1]
    assert len(after[-1]) == len(before[-1]) + 1
