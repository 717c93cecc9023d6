"""Arranging a wall as its owner does it, watched on pages that are open."""

import re

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

from feedback_app.database import Database
from feedback_app.models import Membership

from ...support import until
from ...support.moderators import make_moderator
from ..served_wall import Wall
from ..wall_pages import LIVE
from ..walls.test_page import faults_of

HOME = "/settings/walls/main"
PAGES = ("/settings/walls", HOME, f"{HOME}/delete")


async def become_owner(wall: Wall, page: Page) -> None:
    database = Database(f"sqlite:///{wall.data / 'feedback.sqlite3'}")
    _, token = await make_moderator(database, "Kim", ["main"])
    await database.write(lambda session: session.execute(update(Membership).values(role="owner")))
    await database.close()
    await page.context.add_cookies([{"name": "feedback", "value": token, "url": wall.url}])


async def save(page: Page) -> None:
    await page.click(".arranging__save button")
    await expect(page.locator(".notice--good")).to_be_visible()


@pytest.mark.parametrize("view", ["", "/frame"])
async def test_every_open_page_follows_and_keeps_what_is_typed(
    wall: Wall, page: Page, chromium: Browser, view: str
) -> None:
    wall.post("Ann", "One")
    reader = await (await chromium.new_context()).new_page()
    await reader.goto(f"{wall.url}/walls/main{view}")
    await reader.wait_for_selector(LIVE)
    await reader.fill("#composer-text", "Half a thought")
    await become_owner(wall, page)

    await page.goto(wall.url + HOME)
    await page.fill("[name=title]", "Rückblick")
    await page.fill("[name=welcome]", "Was war gut?")
    await page.select_option("[name=language]", "de")
    await page.check("[name=theme][value=dark]")
    await page.check("[name=names][value=optional]")
    await page.fill("[name=accent]", "#aa3366")
    await save(page)
    await expect(reader.locator("h1")).to_have_text("Rückblick")
    await expect(reader.locator(".wall__welcome")).to_have_text("Was war gut?")
    await expect(reader.locator("#composer-send")).to_have_text("Veröffentlichen")
    await expect(reader.locator("html")).to_have_attribute("lang", "de")
    await expect(reader.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(reader.locator("#arrangement link")).to_have_attribute("href", "/accents/aa3366.css")
    await expect(reader.locator("#composer-text")).to_have_value("Half a thought")
    await expect(reader.locator("#composer-text")).to_have_attribute("placeholder", "Was möchten Sie sagen?")
    await expect(reader.locator("#composer-name")).not_to_have_attribute("required", "")
    await expect(reader.locator("#mark")).to_be_visible()

    await page.goto(wall.url + HOME)
    await page.check("[name=is_closed]")
    await save(page)
    await expect(reader.locator(".wall__state")).to_contain_text("geschlossen")
    await expect(reader.locator("#composer-send")).to_be_hidden()
    await expect(reader.locator("#composer-text")).to_have_value("Half a thought")

    await page.goto(wall.url + HOME)
    await page.uncheck("[name=is_closed]")
    await save(page)
    await expect(reader.locator("#composer-send")).to_be_visible()
    await reader.fill("#composer-name", "Bo")
    await reader.click("#composer-send")
    await expect(reader.locator("#feedback")).to_contain_text("Half a thought")
    await reader.context.close()


async def test_a_page_that_is_open_when_its_wall_begins_to_hold_remembers_what_waits(
    wall: Wall, page: Page, chromium: Browser
) -> None:
    reader = await (await chromium.new_context()).new_page()
    await reader.goto(f"{wall.url}/walls/main")
    await reader.wait_for_selector(LIVE)
    await become_owner(wall, page)
    await page.goto(wall.url + HOME)
    await page.check("[name=hold][value=all]")
    await save(page)
    await reader.evaluate("customElements.whenDefined('kept-receipts').then(() => true)")
    await reader.fill("#composer-name", "Bo")
    await reader.fill("#composer-text", "Something that waits")
    await reader.click("#composer-send")
    await expect(reader.locator("[data-waiting]")).to_contain_text("Something that waits")
    await until(lambda: reader.evaluate("localStorage.length"))
    await reader.goto(f"{wall.url}/walls/main")
    await expect(reader.locator("[data-waiting]")).to_contain_text("Something that waits")
    await reader.context.close()


async def test_what_is_typed_is_checked_at_once(wall: Wall, page: Page) -> None:
    await become_owner(wall, page)
    await page.goto(wall.url + HOME)
    await page.fill("[name=accent]", "#ffee00")
    await expect(page.locator("#accent-check")).to_contain_text(re.compile("#ffee00 becomes #[0-9a-f]{6}"))
    await page.check("[name=embedding][value=some]")
    await page.fill("[name=origins]", "https://a.example/page")
    await expect(page.locator("#origins-fault")).to_contain_text("is a page")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_pages_of_settings(wall: Wall, page: Page, scheme: str) -> None:
    await become_owner(wall, page)
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    found = {}
    for width in (320, 1440):
        await page.set_viewport_size({"width": width, "height": 800})
        for address in PAGES:
            await page.goto(wall.url + address)
            wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
            if faults := [*await faults_of(page), *(["wider than the screen"] if wide else [])]:
                found[f"{address} {width}"] = faults
    assert found == {}
