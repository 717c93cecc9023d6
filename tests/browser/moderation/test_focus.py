"""Where a moderator stands after an act: whoever works by keyboard or by ear is never put back to the top."""

from playwright.async_api import Page, expect

from ..queue_pages import QueuePages, entry, open_desk, unfold
from ..served_wall import Wall


async def test_whoever_acted_in_the_menu_of_an_entry_stands_before_it(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    for each in ("One", "Two"):
        wall.post("Ann", each)
    await queue_pages.let_in(page.context, "Kim")
    await open_desk(page, wall)
    for verb in ("pin", "block-author", "answer"):
        await unfold(page, 2)
        await page.locator("#feedback-2-answer").fill("Thank you")
        await entry(page, 2).locator(f"[value={verb}]").focus()
        await page.keyboard.press("Enter")
        await expect(entry(page, 2).locator(".entry__summary")).to_be_focused()
    await expect(page.locator("#status")).to_have_text("The answer is stored.")
    await page.keyboard.press("j")
    await expect(entry(page, 1).locator(".entry__tick")).to_be_focused()
