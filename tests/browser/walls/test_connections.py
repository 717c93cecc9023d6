"""A page whose connection is lost, refused or not wanted: it comes back by itself, and misses nothing."""

import asyncio
import re
import signal
from collections import Counter

from playwright.async_api import BrowserContext, Page, Route, expect

from ..served_wall import Wall
from ..wall_pages import LIVE, OFTEN, open_live, write


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

    await expect(page.locator("#feedback article")).to_have_count(9)
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
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Comes again"])


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
