"""The live list in a browser."""

import asyncio
import re
import signal
from collections import Counter

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from .conftest import Wall

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


async def test_what_one_writes_appears_for_the_other_without_a_reload(
    wall: Wall, page: Page, context: BrowserContext
) -> None:
    await open_live(page, wall)
    other = await open_live(await context.new_page(), wall)

    await write(page, "Ann", "Hello <b>wall</b> & everybody")

    await expect(page.locator(".composer__thanks")).to_contain_text("Thank you, Ann")
    for each in (page, other):
        await expect(each.locator("#feedback .feedback__text")).to_have_text(["Hello <b>wall</b> & everybody"])
    await expect(page.locator("#composer-text")).to_have_value("")
    assert await page.evaluate("document.activeElement.id") == "composer-send"


async def test_a_fault_keeps_the_words_and_puts_the_focus_on_the_field(wall: Wall, page: Page) -> None:
    await open_live(page, wall)

    await write(page, "", "Words that must stay")

    await expect(page.locator("#composer-name")).to_be_focused()
    await expect(page.locator("#composer-name")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#composer-text")).to_have_value("Words that must stay")
    assert await page.locator("form#composer").count() == 1


async def test_a_double_click_posts_once(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await page.fill("#composer-name", "Ann")
    await page.fill("#composer-text", "Once")

    await page.dblclick("#composer-send")

    await page.wait_for_selector(".composer__thanks")
    wall.post("Bob", "After")
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["After", "Once"])


async def test_a_post_whose_answer_was_lost_is_posted_again_as_the_same(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    lost = 0

    async def lose(route: Route) -> None:
        nonlocal lost
        lost += 1
        if lost == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/walls/main/feedback", lose)
    await write(page, "Ann", "Only once, please")
    await expect(page.locator("#notice")).to_contain_text("Your words are still here")
    await expect(page.locator("#composer-text")).to_have_value("Only once, please")
    await page.click("#composer-send")

    await page.wait_for_selector(".composer__thanks")
    assert await texts(page) == ["Only once, please"]
    assert lost == 2


async def test_a_failing_server_keeps_the_words(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await page.route("**/walls/main/feedback", lambda route: route.fulfill(status=500, body="<p>broken</p>"))

    await write(page, "Ann", "Not lost")

    await expect(page.locator("#notice")).to_contain_text("Your words are still here")
    await expect(page.locator("#composer-text")).to_have_value("Not lost")


async def test_edits_morph_in_place_and_removals_leave_every_screen(wall: Wall, page: Page) -> None:
    number = wall.post("Ann", "First thought")
    await open_live(page, wall)
    await page.evaluate("document.querySelector('article').dataset.mark = 'the same node'")

    wall.edit(number, "Second thought")
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Second thought"])
    assert await page.evaluate("document.querySelector('article').id") == f"feedback-{number}"

    wall.run("hide", str(number))
    await expect(page.locator("#feedback article")).to_have_count(0)
    await expect(page.locator(".empty")).to_be_visible()


async def test_after_restarts_every_page_shows_what_the_database_says(wall: Wall, page: Page) -> None:
    """Requirements 17 and 18, in a browser: nothing lost, nothing doubled, the order right."""
    await open_live(page, wall)
    await page.evaluate(
        "self.inserted = []; new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach("
        "node => node.id && inserted.push(node.id)))).observe(document.getElementById('feedback'), {childList: true})"
    )
    numbers = [wall.post("Ann", f"Before {each}") for each in range(3)]
    for _ in range(2):
        wall.stop(signal.SIGKILL)
        wall.start()
        numbers += [wall.post("Bob", f"Meanwhile {each}") for each in range(3)]

    await expect(page.locator("#feedback article")).to_have_count(9, timeout=20_000)
    assert await page.evaluate("inserted") == [f"feedback-{number}" for number in numbers]
    assert await page.evaluate("[...document.querySelectorAll('#feedback article')].map(each => each.id)") == [
        f"feedback-{number}" for number in reversed(numbers)
    ]


async def test_the_first_connection_may_fail(wall: Wall, page: Page) -> None:
    failures = 0

    async def fail_twice(route: Route) -> None:
        nonlocal failures
        failures += 1
        await (route.fulfill(status=503, body="full") if failures <= 2 else route.continue_())

    await page.route(re.compile("/live"), fail_twice)
    await open_live(page, wall)
    wall.post("Ann", "Heard after all")

    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Heard after all"])
    assert failures >= 3


async def test_without_a_stream_the_page_asks_now_and_then(wall: Wall, page: Page) -> None:
    """Requirement 26: the page falls back to polling."""
    await page.route(re.compile("/live"), lambda route: route.fulfill(status=503, body="full"))
    await page.add_init_script(OFTEN)
    number = wall.post("Ann", "Old")
    await page.goto(wall.page)

    wall.run("hide", str(number))
    wall.post("Bob", "New")

    await expect(page.locator("#feedback .feedback__text")).to_have_text(["New"], timeout=25_000)


async def test_new_entries_wait_while_somebody_reads(wall: Wall, page: Page) -> None:
    for each in range(20):
        wall.post("Ann", f"Entry {each}")
    await open_live(page, wall)
    await page.locator("#feedback article").nth(10).scroll_into_view_if_needed()
    await page.evaluate("scrollTo(0, document.querySelectorAll('#feedback article')[10].offsetTop)")
    await asyncio.sleep(0.2)  # The observer of what is in view speaks in the next frame.
    before = await page.locator("#feedback article").nth(10).bounding_box()

    wall.post("Bob", "Waits")
    wall.post("Bob", "Waits too")

    button = page.locator("#news")
    await expect(button).to_have_text("Show 2 new posts")
    after = await page.locator("#feedback article:not([data-held])").nth(10).bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 1
    await expect(page.locator("#status")).to_have_text("2 new posts")

    await button.click()
    await expect(button).to_be_hidden()
    await expect(page.locator("#feedback article").first.locator("h3")).to_be_focused()


async def test_the_focus_moves_to_the_neighbour_of_what_is_taken_away(wall: Wall, page: Page) -> None:
    wall.post("Ann", "Stays")
    number = wall.post("Bob", "Goes")
    await open_live(page, wall)
    await page.locator(f"#feedback-{number} a").focus()

    wall.run("hide", str(number))

    await expect(page.locator("#feedback article")).to_have_count(1)
    await expect(page.locator("#feedback h3")).to_be_focused()


async def test_typing_is_not_disturbed_by_news(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await page.click("#composer-text")
    for each in range(10):
        await page.keyboard.type(f"word{each} ")
        wall.post("Bob", f"News {each}")
    await expect(page.locator("#feedback article")).to_have_count(10)
    await expect(page.locator("#composer-text")).to_have_value("".join(f"word{each} " for each in range(10)))
    await expect(page.locator("#composer-text")).to_be_focused()


async def test_older_feedback_comes_by_scrolling(wall: Wall, page: Page) -> None:
    for each in range(65):
        wall.post("Ann", f"Entry {each}")
    await open_live(page, wall)
    assert await page.locator("#feedback article").count() >= 30

    for _ in range(3):
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await asyncio.sleep(0.3)

    await expect(page.locator("#feedback article")).to_have_count(65)
    assert await texts(page) == [f"Entry {each}" for each in reversed(range(65))]


async def test_four_pages_of_one_browser_hold_three_streams(wall: Wall, context: BrowserContext) -> None:
    """Browsers allow six connections to a host, so that a seventh page could not even load."""
    pages = []
    for _ in range(7):
        page = await context.new_page()
        await page.add_init_script(OFTEN)
        await page.goto(wall.page, wait_until="domcontentloaded")
        await page.wait_for_selector("html[data-live]")
        pages.append(page)

    async def streaming() -> int:
        return sum([await each.evaluate("document.documentElement.dataset.live === 'stream'") for each in pages])

    for _ in range(100):
        if await streaming() == 3:
            break
        await asyncio.sleep(0.05)
    assert await streaming() == 3
    await write(pages[-1], "Ann", "Everybody sees this")
    for each in pages:
        await expect(each.locator("#feedback .feedback__text")).to_have_text(["Everybody sees this"], timeout=25_000)


async def test_a_message_whose_swap_fails_comes_again(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await page.evaluate(
        "(() => { const place = Node.prototype.insertBefore; let broken = 1;"
        "Node.prototype.insertBefore = function (node, next) {"
        "  if (node.matches?.('article') && broken-- > 0) throw new Error('poisoned');"
        "  return place.call(this, node, next); }; })()"
    )
    wall.post("Ann", "Comes again")
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Comes again"], timeout=20_000)


async def test_a_page_left_open_while_the_server_is_away_recovers(wall: Wall, page: Page) -> None:
    """Requirement 25, with the server itself away."""
    await open_live(page, wall)
    assert wall.stop() == 0
    await page.wait_for_selector("html[data-live=poll]")
    await asyncio.sleep(2)
    wall.start()
    wall.post("Ann", "While you were away")
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["While you were away"], timeout=35_000)
    await page.wait_for_selector(LIVE)


async def test_going_back_to_the_page_brings_what_was_missed(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await page.goto(f"{wall.url}/healthz")
    wall.post("Ann", "Missed")
    await page.evaluate("history.back()")
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Missed"])


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</textarea>{{7*7}}",
        '<hx-partial hx-target="#feedback" hx-swap="innerHTML">x</hx-partial>',
        '<a hx-get="/" hx-trigger="load">x</a>',
    ],
)
async def test_markup_is_text_on_every_path(wall: Wall, page: Page, context: BrowserContext, text: str) -> None:
    """Attack X1 and X2: page, answer, stream and poll."""
    other = await open_live(await context.new_page(), wall)
    await open_live(page, wall)
    await write(page, text[:80], text)
    for each in (page, other):
        await expect(each.locator("#feedback .feedback__text")).to_have_text([text])
        assert await each.locator("#feedback script, #feedback img, #feedback [hx-get]").count() == 0
    await page.reload()
    await expect(page.locator("#feedback .feedback__text")).to_have_text([text])


async def test_a_page_left_open_behind_a_failing_proxy_recovers(wall: Wall, page: Page) -> None:
    """Requirement 25: a proxy that answers 502 for a while silences nobody for long."""
    await open_live(page, wall)
    bad = re.compile("/live|/changes")
    await page.route(bad, lambda route: route.fulfill(status=502, body="Bad gateway"))
    wall.stop()
    wall.start()
    wall.post("Ann", "Missed")
    await page.wait_for_selector("html[data-live=poll]")
    await asyncio.sleep(3)  # Long enough for several attempts to fail.

    await page.unroute(bad)

    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Missed"], timeout=35_000)
    await page.wait_for_selector(LIVE, timeout=35_000)


async def test_a_hidden_tab_closes_its_stream_and_catches_up(wall: Wall, page: Page) -> None:
    """Requirement 28."""
    await open_live(page, wall)
    line = Counter[str]()
    for event in ("request", "requestfinished", "requestfailed"):
        page.on(event, lambda request, event=event: line.update([event] if "/live" in request.url else []))  # type: ignore[call-overload]
    # Playwright keeps every page visible, so the page is told that it is hidden.
    hide = (
        "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    await page.evaluate(hide % "true")
    for _ in range(200):
        if line["requestfinished"] + line["requestfailed"]:
            break
        await asyncio.sleep(0.05)
    wall.post("Ann", "While hidden")
    assert line["requestfinished"] + line["requestfailed"] == 1
    assert line["request"] == 0

    await page.evaluate(hide % "false")
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["While hidden"])
