"""What a screen reader hears of: new posts, and the connection; never more than somebody can follow."""

import re

from playwright.async_api import Page, expect

from ..served_wall import Wall
from ..wall_pages import LIVE, open_live, write

STATUS = "#status"
# Every sentence that was said, and when by the clock of the page.
HEAR = (
    "self.heard = []; new MutationObserver(() => heard.push([Math.round(performance.now() / 1000),"
    " document.getElementById('status').textContent])).observe(document.getElementById('status'), {childList: true})"
)


async def open_heard(page: Page, wall: Wall) -> None:
    """With a clock that the test can put forward."""
    await page.clock.install()
    await open_live(page, wall)
    await page.evaluate(HEAR)


async def heard(page: Page) -> list[str]:
    return [sentence for _, sentence in await page.evaluate("heard")]


async def wait(page: Page, seconds: int) -> None:
    for _ in range(seconds):
        await page.clock.run_for(1000)


async def test_new_posts_at_the_top_are_announced_now_and_then(wall: Wall, page: Page) -> None:
    await open_heard(page, wall)
    for each in range(3):
        wall.post("Bob", f"One {each}")
    await expect(page.locator("#feedback article")).to_have_count(3)
    await wait(page, 3)
    assert await heard(page) == ["3 new posts"]

    for each in range(5):
        number = wall.post("Bob", f"Two {each}")
        await expect(page.locator(f"#feedback-{number}")).to_be_visible()
        await wait(page, 1)
    assert await heard(page) == ["3 new posts"]
    wall.run("hide", str(number))
    await expect(page.locator("#feedback article")).to_have_count(7)
    await wait(page, 12)
    assert await heard(page) == ["3 new posts", "4 new posts"]
    await wait(page, 30)
    assert len(await heard(page)) == 2


async def test_ones_own_post_is_thanked_for_and_not_announced(wall: Wall, page: Page) -> None:
    await open_heard(page, wall)
    await write(page, "Ann", "Mine")
    await expect(page.locator(STATUS)).to_have_text("Thank you. Your feedback is on the wall.")
    number = wall.post("Bob", "Another")
    await expect(page.locator(f"#feedback-{number}")).to_be_visible()
    await wait(page, 5)
    assert await heard(page) == ["Thank you. Your feedback is on the wall."]
    await wait(page, 10)
    assert (await heard(page))[1:] == ["1 new post"]
    said = [at for at, _ in await page.evaluate("heard")]
    assert said[1] - said[0] >= 10


async def test_what_is_held_back_is_announced_in_the_same_rhythm(wall: Wall, page: Page) -> None:
    for each in range(20):
        wall.post("Ann", f"Entry {each}")
    await open_heard(page, wall)
    await page.evaluate("document.querySelectorAll('#feedback article')[10].scrollIntoView({behavior: 'instant'})")
    await expect(page.locator("#latest")).not_to_be_in_viewport()
    await wait(page, 1)
    for count in range(1, 6):
        wall.post("Bob", f"Held {count}")
        await expect(page.locator("#news")).to_have_text(re.compile(f"Show {count} new post"))
        await wait(page, 2)
    await wait(page, 14)
    sentences = await heard(page)
    assert sentences[-1] == "5 new posts"
    assert len(sentences) == 2


async def test_a_lost_connection_is_announced_and_so_is_its_return(wall: Wall, page: Page) -> None:
    await open_heard(page, wall)
    wall.stop()
    await page.wait_for_selector("html[data-live=poll]")
    await wait(page, 7)
    assert await heard(page) == []
    await wait(page, 10)
    assert await heard(page) == ["Connection lost. New posts appear once it is back."]
    await wait(page, 40)
    assert len(await heard(page)) == 1

    wall.start()
    wall.post("Bob", "Meanwhile")
    for _ in range(60):
        await wait(page, 1)
        if len(await heard(page)) > 1:
            break
    await page.wait_for_selector(LIVE)
    await wait(page, 15)
    assert " ".join((await heard(page))[1:]) == "Connected again. 1 new post"


async def test_a_short_interruption_and_a_page_that_only_asks_say_nothing(wall: Wall, page: Page) -> None:
    await page.route(re.compile("/live"), lambda route: route.fulfill(status=503, body="full"))
    await page.clock.install()
    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=poll]")
    await page.evaluate(HEAR)
    for _ in range(4):
        await wait(page, 10)
        await page.wait_for_timeout(100)
    assert await heard(page) == []
    wall.post("Bob", "Asked for")
    await wait(page, 10)
    await expect(page.locator("#feedback article")).to_have_count(1)
    await wait(page, 12)
    assert await heard(page) == ["1 new post"]
