"""Shared code of browser tests of a wall's page: open it, post, read entries."""

from playwright.async_api import Page

from .served_wall import Wall

OFTEN = "document.addEventListener('readystatechange', () => { document.documentElement.dataset.poll = '300'; })"
LIVE = "html[data-live=stream]"


async def open_live(page: Page, wall: Wall) -> Page:
    await page.goto(wall.page)
    await page.wait_for_selector(LIVE)
    return page


async def write(page: Page, name: str, text: str) -> None:
    await page.fill("#composer-name", name)
    await page.fill("#composer-text", text)
    await page.click("#composer-send")


async def texts(page: Page) -> list[str]:
    return await page.locator("#feedback .feedback__text").all_inner_texts()
