"""The queue on a wide screen: a list, and beside it the entry to decide on."""

import re

from playwright.async_api import Browser, Page, expect

from ..queue_pages import DESK, QueuePages, entry, open_desk
from ..served_wall import Wall

WIDE = {"width": 1440, "height": 900}
# The pane is beside the list, whichever entry it shows.
BESIDE = "number => document.querySelector(`#feedback-${number} > .entry__detail`).getBoundingClientRect().left > 400"


async def open_with(wall: Wall, queue_pages: QueuePages, page: Page, *words: str) -> None:
    await queue_pages.arrange(hold="all")
    for each in words:
        wall.post("Ann", each)
    await queue_pages.let_in(page.context, "Kim")
    await page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    await open_desk(page, wall)


async def chosen_is(page: Page, number: int) -> None:
    await expect(entry(page, number).locator(".entry__detail")).to_be_visible()
    await expect(page.locator(".entry__detail:visible")).to_have_count(1)
    assert await page.evaluate(BESIDE, number)


async def test_rows_are_dense_and_one_entry_is_in_full_beside_them(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    await open_with(wall, queue_pages, page, "One", "Many words " * 90, "Three")
    await chosen_is(page, 1)
    for number in (1, 2, 3):
        row = await entry(page, number).locator(".entry__row").bounding_box()
        assert row
        assert 64 <= row["height"] <= 72
    # All of the row is the link.
    await page.mouse.click(row["x"] + row["width"] - 20, row["y"] - row["height"] + 20)
    await chosen_is(page, 2)
    await expect(entry(page, 2).locator(".entry__open")).to_be_focused()
    await expect(page.get_by_role("button", name=re.compile("Publish ?: Ann"))).to_be_visible()


async def test_all_is_done_by_keys(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    await open_with(wall, queue_pages, page, "One", "Two", "Three")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await chosen_is(page, 2)
    await page.keyboard.press("p")
    await chosen_is(page, 3)
    await expect(page.locator("#part-public .entry__line")).to_have_text(["Two"])
    await page.keyboard.press("j")
    await chosen_is(page, 2)
    await page.keyboard.press("i")
    await expect(entry(page, 2).locator(".entry__tags")).to_contain_text("Pinned")
    await page.keyboard.press("b")
    await expect(entry(page, 2).locator(".entry__tags")).to_contain_text("Author blocked")
    await page.keyboard.press("b")
    await expect(entry(page, 2).locator(".entry__tags")).not_to_contain_text("Author blocked")
    await page.keyboard.press("i")
    await expect(entry(page, 2).locator(".entry__tags")).not_to_contain_text("Pinned")
    await page.keyboard.press("r")
    await expect(page.locator("#feedback-2-answer")).to_be_focused()
    await page.keyboard.type("Thank you")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(entry(page, 2).locator(".entry__answer")).to_contain_text("Kim replied")


async def test_what_else_an_author_wrote_comes_when_an_entry_is_chosen(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    await open_with(wall, queue_pages, page, "One", "Two")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await chosen_is(page, 2)
    await expect(entry(page, 2).locator(".entry__others")).to_contain_text("One")


async def test_without_script_a_row_is_a_link_to_all_of_it(
    wall: Wall, queue_pages: QueuePages, chromium: Browser
) -> None:
    await queue_pages.arrange(hold="all")
    for each in ("One", "Two"):
        wall.post("Ann", each)
    for width in (1440, 360):
        context = await chromium.new_context(java_script_enabled=False, viewport={"width": width, "height": 800})
        await queue_pages.let_in(context, f"Kim {width}")
        page = await context.new_page()
        await page.goto(wall.url + DESK)
        await entry(page, 2).locator(".entry__open").click()
        await expect(page).to_have_url(f"{wall.url}{DESK}?entry=2#feedback-2")
        await expect(entry(page, 2).locator(".entry__detail")).to_be_visible()
        await expect(page.locator(".entry__detail:visible")).to_have_count(1)
        await context.close()


async def test_the_browser_remembers_which_walls_it_moderates_and_the_sound(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    """For the bar on the public wall; a mark is deleted by logging out."""
    await open_with(wall, queue_pages, page, "One")
    assert await page.evaluate("localStorage.getItem('feedback-moderates')") == '["main"]'
    sound = page.get_by_role("button", name="Play a sound when a post waits")
    await expect(sound).to_have_attribute("aria-pressed", "false")
    await sound.click()
    await page.reload()
    await expect(sound).to_have_attribute("aria-pressed", "true")
    await page.click(".shell__account > summary")
    await page.click(".staff__out button")
    await expect(page.locator("h1")).to_have_text("Log in")
    assert await page.evaluate("localStorage.getItem('feedback-moderates')") is None
