"""The pages of the desk without script, and for everybody's eyes and fingers."""

import re

import pytest
from playwright.async_api import Browser, expect

from ..queue_pages import DESK, QueuePages, entry, open_desk, unfold
from ..served_wall import Wall
from ..wall_pages import texts, write
from ..walls.test_page import faults_of

DESK_PAGES = (DESK, f"{DESK}?show=waiting", f"{DESK}?search=nothing", f"{DESK}/log", "/moderation")


async def test_everything_works_without_script(wall: Wall, queue_pages: QueuePages, chromium: Browser) -> None:
    await queue_pages.arrange(hold="all")
    context = await chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await page.goto(wall.page)
    for words in ("One", "Two"):
        await write(page, "Ann", words)
        await expect(page.locator(".composer__thanks")).to_contain_text("moderator will review")
        await expect(page.locator(".feedback[data-waiting] .feedback__text")).to_have_text([words])
        await expect(page.locator(".feedback__kept")).to_be_hidden()
        assert await page.locator(".feedback__unkept").evaluate("link => link.href === location.href")
    await page.reload()
    await expect(page.locator(".feedback[data-waiting]")).to_have_count(1)

    await queue_pages.let_in(context, "Kim")
    await page.goto(f"{wall.url}/moderation")
    await page.click("text=Feedback >> nth=1")
    await page.click("#part-waiting .part__all")
    await page.click(".bulk >> text=Publish")
    await expect(page.locator(".told__words")).to_have_text("2 published.")
    await page.click(".told >> text=Undo")
    await expect(page.locator(".told__words")).to_have_text("Undone.")
    await entry(page, 1).locator("text=Publish").click()
    await unfold(page, 1)
    await page.fill("#feedback-1-answer", "Thank you")
    await entry(page, 1).locator(".entry__reply .button").click()
    await expect(page.locator(".told__words")).to_have_text("The answer is stored.")
    await page.fill("#search", "one")
    await page.click("text=Search")
    await expect(page.locator(".entry__text >> nth=0")).to_have_text("One")
    await page.click("text=Log >> nth=-1")
    await page.locator(".log__line").first.locator("text=Undo").click()
    await expect(page.locator(".log__line").nth(1)).to_contain_text("Undone by Kim")
    await page.goto(wall.page)
    assert await texts(page) == ["One"]
    await expect(page.locator(".feedback__answer")).to_have_count(0)
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_any_page_of_the_desk(
    wall: Wall, queue_pages: QueuePages, chromium: Browser, scheme: str
) -> None:
    for words in ("One", "شكرا", "w" * 300, "Many words. " * 100):
        wall.post("A rather long name " * 4, words)
    await queue_pages.arrange(hold="all")
    wall.post("Ann", "Waits")
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": 360, "height": 740})  # type: ignore[arg-type]
    await queue_pages.let_in(context, "Kim")
    page = await context.new_page()
    found: dict[str, list[str]] = {}
    await open_desk(page, wall)
    for number, verb in ((1, "Pin to the top"), (2, "Block the author")):
        await unfold(page, number)
        await entry(page, number).locator(f"text={verb}").click()
        await expect(entry(page, number).locator(".badge").last).to_have_text(re.compile("Pinned|blocked"))
    await entry(page, 3).locator("text=Hide").click()
    await entry(page, 4).locator("text=Remove").click()
    await expect(entry(page, 4)).to_contain_text("Removed by Kim")
    await unfold(page, 1)
    await page.locator(".entry__tick >> nth=0").check()
    found["at work"] = await faults_of(page)
    await page.keyboard.press("?")
    found["help"] = await faults_of(page)
    for address in DESK_PAGES:
        await page.goto(wall.url + address)
        found[address] = await faults_of(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        await page.set_viewport_size({"width": 320, "height": 740})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        small = await page.evaluate(SMALL)
        assert small == [], address
    await page.goto(wall.page)
    found["wall"] = await faults_of(page)
    assert {where: faults for where, faults in found.items() if faults} == {}
    await context.close()


# Whatever one presses is as large as a thumb; links within a line of text are as high as the line.
SMALL = """[...document.querySelectorAll('button, .button, summary, select, .desk__view, .part__all')]
    .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 43.5)
    .map(each => each.outerHTML.slice(0, 80))"""
