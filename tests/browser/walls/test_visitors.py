"""The visitor token in a browser, and what its owner sees who has to wait or is held."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ..queue_pages import QueuePages
from ..served_wall import Wall

NO_STORAGE = "Object.defineProperty(self, 'localStorage', {get() { throw new DOMException('', 'SecurityError'); }});"


async def say(page: Page, text: str) -> tuple[str, str | None]:
    """What is sent as the visitor, and what comes back."""
    await page.fill("#composer-name", "Ann")
    await page.fill("#composer-text", text)
    async with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        await page.click("#composer-send")
    answer = await sent.value
    fields = parse_qs(answer.request.post_data or "", keep_blank_values=True)
    token = answer.headers.get("visitor")
    if answer.ok:
        await expect(page.locator(".composer__thanks")).to_be_visible()
        await expect(page.locator("#composer-text")).to_have_value("")
    return fields["visitor"][0], token


async def test_a_visitor_keeps_one_token_in_all_tabs_and_after_a_reload(wall: Wall, context: BrowserContext) -> None:
    page, other = await context.new_page(), await context.new_page()
    for each in (page, other):
        await each.goto(wall.page)
    key, token = await say(page, "First")
    assert re.fullmatch(r"[0-9a-f]{32}", key)
    assert token
    assert await say(page, "Second") == (token, token)
    assert await say(other, "In another tab") == (token, token)
    await page.reload()
    assert await say(page, "After a reload") == (token, token)
    assert await context.cookies() == []

    # A token that counts as none any more is exchanged for a new key.
    await page.evaluate("localStorage.setItem(Object.keys(localStorage).find(key => key.startsWith('visitor')), 'old')")
    assert await say(page, "Outdated") == ("old", "")
    key, token = await say(page, "A new key")
    assert re.fullmatch(r"[0-9a-f]{32}", key)
    assert await say(other, "In the other tab, too") == (token, token)


async def test_two_tabs_that_begin_at_the_same_moment_end_with_one(wall: Wall, context: BrowserContext) -> None:
    pages = [await context.new_page() for _ in range(2)]
    for page in pages:
        await page.goto(wall.page)
        await page.fill("#composer-name", "Ann")
        await page.fill("#composer-text", "At once")
    for page in pages:
        await page.evaluate("document.getElementById('composer').requestSubmit()")
    for page in pages:
        await expect(page.locator(".composer__thanks")).to_be_visible()
    first, second = [await say(page, "Again") for page in pages]
    assert first == second


async def test_a_page_that_may_store_nothing_keeps_its_token_until_it_is_closed(wall: Wall, page: Page) -> None:
    await page.add_init_script(NO_STORAGE)
    await page.goto(wall.page)
    key, token = await say(page, "First")
    assert re.fullmatch(r"[0-9a-f]{32}", key)
    assert await say(page, "Second") == (token, token)


@pytest.mark.parametrize("width", [360, 1440])
async def test_in_slow_mode_the_page_counts_down_and_lets_one_post_then(
    wall: Wall, page: Page, queue_pages: QueuePages, width: int
) -> None:
    await queue_pages.arrange(slow_seconds=3)
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(wall.page)
    await expect(page.locator("#composer-pace")).to_have_text("One post every 3 seconds")
    await say(page, "One")
    await say(page, "Two")
    notice, send = page.locator("#notice"), page.locator("#composer-send")
    await expect(notice).to_have_text(re.compile(r"You can post again in 0:0[123]\. We kept your text\."))
    await expect(send).to_be_disabled()
    await expect(page.locator("#composer-text")).to_have_value("Two")
    await expect(notice).to_have_text("You can post again now.")
    await expect(send).to_be_enabled()
    await send.click()
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Two", "One"])


async def test_a_newcomer_who_is_held_sees_it_also_after_a_reload(
    wall_with: Callable[..., Wall], context: BrowserContext
) -> None:
    wall = wall_with(FEEDBACK_DEFENCES="on", FEEDBACK_ADDRESS_LIMIT="1/hour")
    pages = [await context.new_page(), await context.new_page()]
    # Somebody else in the same room has used the allowance up.
    await pages[0].goto(f"{wall.page}/frame")
    await say(pages[0], "First in the room")
    await pages[0].evaluate("localStorage.clear()")
    await pages[1].goto(wall.page)
    key, token = await say(pages[1], "Held")
    assert token is None
    waiting = pages[1].locator("article[data-waiting] .feedback__text")
    await expect(waiting).to_have_text("Held")
    await pages[1].reload()
    await expect(waiting).to_have_text("Held")
    assert (await say(pages[1], "With the same key"))[0] == key
