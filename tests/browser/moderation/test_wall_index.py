"""The index of a moderator's walls, as it stays open in a browser."""

from playwright.async_api import Page, expect

from ..queue_pages import QueuePages
from ..served_wall import Wall
from ..wall_pages import LIVE


async def test_the_index_moves_while_it_is_open_until_its_moderator_logs_out(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    await queue_pages.let_in(page.context, "Kim")
    await queue_pages.arrange(hold="all")
    await page.goto(f"{wall.url}/moderation")
    await page.wait_for_selector(LIVE)
    await expect(page.locator(".desks__counts")).to_contain_text("0 waiting")
    await page.locator(".desks__link").focus()
    wall.post("Ann", "Words that wait")
    await expect(page.locator(".desks__waiting")).to_have_text("1 waiting")
    await expect(page.locator(".desks__link")).to_be_focused()

    other = await page.context.new_page()
    await other.goto(f"{wall.url}/settings/account")
    await other.get_by_role("button", name="Log out").first.click()
    await expect(page.locator("#notice")).to_contain_text("You are logged out")
    wall.post("Ann", "Words of later")
    await expect(page.locator(".desks__waiting")).to_have_text("1 waiting")
