"""What the log says of the wall itself: who arranged what of it, renamed it, and said who keeps it."""

import re

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
