"""Days, what came while one was away, ways back, and a pause."""

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ..served_wall import Wall
from ..wall_pages import LIVE, OFTEN, open_live

HIDE = (
    "Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});"
    "document.dispatchEvent(new Event('visibilitychange'))"
)
SHOW = "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))"
READY = "#pause"  # The last of what comes after the first view.


async def test_days_are_those_of_the_reader_and_change_at_midnight(wall: Wall, page: Page) -> None:
    for each in range(4):
        wall.post("Ann", f"Entry {each}")
    await page.clock.install()
    await page.goto(wall.page)
    await page.wait_for_selector(LIVE)
    await page.clock.run_for(2000)
    await page.wait_for_selector(READY)
    days = "[...document.querySelectorAll('#feedback [data-day]')].map(each => each.dataset.day)"
    assert await page.evaluate(days) == []

    hours = await page.evaluate("24 - new Date().getHours()")
    await page.clock.run_for(hours * 3_600_000 + 5000)

    assert await page.evaluate(days) == ["Yesterday"]
    await expect(page.locator("#feedback article").first).to_have_attribute("data-day", "Yesterday")
    newest = wall.post("Bob", "Another one")
    await page.wait_for_selector(f"#feedback-{newest}")
    content = "getComputedStyle(document.querySelector('[data-day]'), '::before').content"
    assert "Yesterday" in await page.evaluate(content)


@pytest.mark.parametrize("width", [400, 1440])
async def test_what_came_during_an_absence_is_counted_and_marked(wall: Wall, page: Page, width: int) -> None:
    wall.post("Ann", "Old")
    await page.set_viewport_size({"width": width, "height": 900})
    await page.add_init_script(OFTEN)
    await open_live(page, wall)
    await page.wait_for_selector(READY)
    title = await page.title()
    icon = "document.querySelector('link[rel=icon]').href"
    quiet = await page.evaluate(icon)

    await page.evaluate(HIDE)
    numbers = [wall.post("Bob", f"News {each}") for each in range(3)]
    await expect(page).to_have_title(f"(3) {title}")
    assert await page.evaluate(icon) != quiet

    await page.evaluate(SHOW)
    await expect(page).to_have_title(title)
    assert await page.evaluate(icon) == quiet
    await expect(page.locator("#feedback [data-new]")).to_have_count(3)
    await expect(page.locator(f"#feedback-{numbers[-1]}")).to_have_attribute("data-since", re.compile(r"^New since \d"))
    await expect(page.locator(f"#feedback-{numbers[0]}")).to_have_attribute("data-until", re.compile(r"^New since \d"))

    await page.evaluate(HIDE)
    await page.evaluate(SHOW)
    await expect(page.locator("#feedback [data-new], #feedback [data-since]")).to_have_count(0)


async def test_who_is_far_down_finds_back_to_the_newest_and_to_the_form(wall: Wall, page: Page) -> None:
    for each in range(30):
        wall.post("Ann", f"Entry {each}")
    await page.set_viewport_size({"width": 360, "height": 640})
    await open_live(page, wall)
    await page.wait_for_selector(READY)
    newest, form = page.locator(".floating a[href='#latest']"), page.locator(".floating a[href='#composer']")
    await expect(newest).to_be_hidden()
    await expect(form).to_be_hidden()

    await page.evaluate("scrollTo({top: 2600, behavior: 'instant'})")
    await expect(newest).to_be_visible()
    await form.click()
    await expect(page.locator("#composer-text")).to_be_focused()
    await expect(page.locator("#composer")).to_be_in_viewport()
    await expect(form).to_be_hidden()

    await page.evaluate("scrollTo({top: 2600, behavior: 'instant'})")
    await newest.click()
    await expect(page.locator("#latest")).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_paused_list_holds_what_is_new_and_goes_on(wall: Wall, page: Page) -> None:
    wall.post("Ann", "Old")
    await open_live(page, wall)
    pause = page.locator("#pause")
    await pause.click()
    await expect(pause).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#status")).to_have_text("Paused. New posts wait until you go on.")

    wall.post("Bob", "Waits")
    await expect(page.locator("#news")).to_have_text("Show 1 new post")
    await expect(page.locator("#feedback article:visible")).to_have_count(1)

    await pause.click()
    await expect(pause).to_have_attribute("aria-pressed", "false")
    await expect(page.locator("#feedback article:visible")).to_have_count(2)
    await expect(page.locator("#news")).to_be_hidden()
    await expect(pause).to_be_focused()
    wall.post("Bob", "Comes")
    await expect(page.locator("#feedback article:visible")).to_have_count(3)


async def test_one_entry_has_its_whole_text_its_exact_time_and_its_address(
    wall: Wall, page: Page, context: BrowserContext
) -> None:
    number = wall.post("Ann", "Long. " * 300)
    address = f"{wall.page}/feedback/{number}"
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(address)
    text = page.locator(".feedback__text")
    assert await text.evaluate("each => each.scrollHeight <= each.clientHeight + 1")
    await expect(page.locator(".feedback__exact")).to_have_text(re.compile(r"\w+day, .*\d{4}.* at \d"))
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == address


async def test_only_a_browser_with_the_queues_mark_asks_for_the_bar(
    wall: Wall, page: Page, context: BrowserContext
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/moderation" in request.url else None)
    await page.goto(wall.page)
    await page.wait_for_selector(READY)
    await page.goto(f"{wall.page}/frame")
    await page.wait_for_selector(READY)
    assert asked == []

    answer = {
        "status": 200,
        "content_type": "text/html",
        "body": '<aside class="bar">You moderate this wall: 16 waiting</aside>',
    }
    await page.route("**/moderation/bar", lambda route: route.fulfill(**answer))  # type: ignore[arg-type]
    await page.evaluate("localStorage.setItem('feedback-moderates', JSON.stringify(['other', 'main']))")
    await page.goto(wall.page)
    await expect(page.locator("body > .bar")).to_have_text("You moderate this wall: 16 waiting")
    assert asked == [f"{wall.page}/moderation/bar"]

    await page.unroute("**/moderation/bar")
    await page.route("**/moderation/bar", lambda route: route.fulfill(status=204))
    await page.reload()
    await page.wait_for_selector(READY)
    await expect(page.locator("body > .bar")).to_have_count(0)
    await page.wait_for_timeout(200)
    assert await page.evaluate("localStorage.getItem('feedback-moderates')") == '["other"]'
