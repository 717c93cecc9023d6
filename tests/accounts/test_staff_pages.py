"""The header of moderators' pages: walls to switch to, the tabs of the current one, and the language."""

import re

import pytest

from ..support import Served, add_wall
from ..support.moderators import browser_of, moderating

OF_MODERATORS = ["Queue", "Wall", "Log", "Embed"]
OF_OWNERS = ["Queue", "Wall", "Log", "Settings", "Team", "Embed"]


def tabs(page: str) -> list[str]:
    return re.findall(r'class="tabs__tab"[^>]*>(\w+)', page)


def current(page: str) -> list[str]:
    return re.findall(r'class="tabs__tab"[^>]*aria-current="page">(\w+)', page)


@pytest.mark.parametrize(
    ("address", "tab"),
    [
        ("/walls/main/moderation", "Queue"),
        ("/walls/main/moderation/log", "Log"),
        ("/settings/walls/main", "Settings"),
        ("/settings/walls/main/moderators", "Team"),
    ],
)
async def test_every_page_of_a_wall_has_its_tabs(wall: Served, address: str, tab: str) -> None:
    async with await browser_of(wall, "Ann", main="owner") as owner:
        page = (await owner.get(address)).text
        assert tabs(page) == OF_OWNERS
        assert current(page) == [tab]


async def test_only_tabs_that_the_role_may_open_are_shown(wall: Served) -> None:
    async with moderating(wall, "Kim") as kim:
        assert tabs(await kim.page()) == OF_MODERATORS


async def test_a_page_without_a_wall_has_the_switcher_alone(wall: Served) -> None:
    await add_wall(wall.database, "second")
    async with await browser_of(wall, "Ann", main="owner", second="moderator") as owner:
        page = (await owner.get("/settings/account")).text
        assert tabs(page) == []
        for slug in ("main", "second"):
            assert re.search(rf'class="menu__item"\s+href="/walls/{slug}/moderation"', page)


async def test_moderators_pages_are_in_the_language_of_the_browser(wall: Served) -> None:
    async with moderating(wall, "Kim") as kim:
        for asked, language, words in (("de-CH", "de", "Warteschlange"), ("es", "es", "Cola"), ("ja", "en", "Queue")):
            page = await kim.client.get("/walls/main/moderation", headers={"Accept-Language": asked})
            assert f'<html lang="{language}"' in page.text
            assert tabs(page.text)[0] in words
