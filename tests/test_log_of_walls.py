"""What the log says of the wall itself: who arranged what of it, renamed it, and said who keeps it."""

import re
from typing import Any

import pytest
from sqlalchemy import text

from .moderating import stopped_everywhere
from .support import Browser, Served, employ

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
            "Ann said who keeps the wall: Bob, not any more",
            "Ann said who keeps the wall: Bob, an owner now",
            "Ann said who keeps the wall: Bob, a moderator now",
            "Ann renamed the wall: it was /walls/main",
            "Ann arranged the wall: title, what appears at once",
        ]
        assert len(await lines(ann, "retro", verb="appoint")) == 3
        await ann.post("/settings/walls", data={"title": "New", "slug": "new", "proposed": ""})
        assert await lines(ann, "new", verb="make") == ["Ann made the wall"]


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
