"""A page that is left open on a busy wall, or read far down: it stays light, and nobody loses their place."""

import os

import httpx
from playwright.async_api import Page, expect

from ...support import NO_CERTIFICATES, OURS
from ..served_wall import Wall

PLACE = "[...document.querySelectorAll('#feedback article')].find(each => each.getBoundingClientRect().bottom > 0)"


async def numbers(page: Page) -> list[int]:
    """Those of the entries that the page holds and shows, from the top."""
    found = "Array.from(document.querySelectorAll('#feedback article:not([data-held])'), each => +each.id.slice(9))"
    return [int(each) for each in await page.evaluate(found)]


async def fill(wall: Wall, count: int) -> int:
    """Write so many entries; gives the number of the last one."""
    number = 0
    async with httpx.AsyncClient(headers=OURS, timeout=20, verify=NO_CERTIFICATES) as client:
        for each in range(count):
            data = {"name": "Ann", "text": f"Entry {each}", "key": os.urandom(8).hex()}
            answer = await client.post(f"{wall.page}/feedback", data=data)
            number = int(answer.headers["location"].rsplit("=", 1)[1])
    return number


async def open_live(page: Page, wall: Wall) -> None:
    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=stream]")


async def scroll_to_the_end(page: Page, last: int) -> None:
    """As somebody does who reads everything: a screen after the other."""
    for _ in range(400):
        if await page.locator(f"#feedback-{last}").count():
            break
        await page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
        await page.wait_for_timeout(30)
    await page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    await page.evaluate(
        "document.getAnimations().forEach(each => each.effect.getTiming().iterations === 1 && each.finish())"
    )


async def scroll_to_the_top(page: Page, first: int) -> None:
    for _ in range(400):
        await page.evaluate("scrollBy({top: -innerHeight, behavior: 'instant'})")
        await page.wait_for_timeout(30)
        if await page.locator(f"#feedback-{first}").count() and await page.evaluate("scrollY") == 0:
            break


def falling(from_: int, to: int) -> list[int]:
    return list(range(from_, to - 1, -1))


async def test_a_page_that_hears_of_hundreds_stays_short_and_older_ones_come_back_by_scrolling(
    wall: Wall, page: Page
) -> None:
    await open_live(page, wall)
    last = await fill(wall, 200)
    await expect(page.locator(f"#feedback-{last}")).to_be_visible()
    held = await numbers(page)
    assert 45 <= len(held) <= 60
    assert held == falling(last, last - len(held) + 1)

    await scroll_to_the_end(page, 1)
    assert await numbers(page) == falling(last, 1)


async def test_reading_far_down_and_back_up_shows_everything_in_order(wall: Wall, page: Page) -> None:
    last = await fill(wall, 320)
    await open_live(page, wall)
    await scroll_to_the_end(page, 1)
    held = await numbers(page)
    assert held == falling(held[0], 1)
    assert held[0] < last
    assert len(held) <= 300
    await expect(page.locator("#newer")).to_have_count(1)

    await scroll_to_the_top(page, last)
    held = await numbers(page)
    assert held == falling(last, last - len(held) + 1)
    await expect(page.locator("#newer")).to_have_count(0)
    await expect(page.locator("#older")).to_have_count(1)


async def test_what_comes_back_does_not_move_what_somebody_reads(wall: Wall, page: Page) -> None:
    await fill(wall, 320)
    await open_live(page, wall)
    await scroll_to_the_end(page, 1)
    before = (await numbers(page))[0]
    await page.evaluate(
        "document.querySelectorAll('#feedback article')[1].scrollIntoView({behavior: 'instant'});"
        f"self.reads = {PLACE}; self.stood = reads.getBoundingClientRect().top"
    )
    for _ in range(200):
        if (await numbers(page))[0] > before:
            break
        await page.wait_for_timeout(30)
    assert (await numbers(page))[0] > before
    assert abs(await page.evaluate("reads.getBoundingClientRect().top - stood")) < 2


async def test_while_somebody_reads_far_down_news_is_counted_and_shown_when_asked_for(wall: Wall, page: Page) -> None:
    await fill(wall, 320)
    await open_live(page, wall)
    await scroll_to_the_end(page, 1)
    await page.locator("#feedback article a").last.focus()
    place = await page.evaluate("document.activeElement.getBoundingClientRect().top")
    last = await fill(wall, 100)
    button = page.locator("#news")
    await expect(button).to_have_text("Show 100 new posts")
    assert await page.locator("#feedback article").count() <= 300
    assert abs(await page.evaluate("document.activeElement.getBoundingClientRect().top") - place) < 2

    wall.run("hide", str(last))
    await expect(button).to_have_text("Show 99 new posts")
    await button.click()
    await expect(page.locator(f"#feedback-{last - 1}")).to_be_visible()
    await expect(button).to_be_hidden()
    held = await numbers(page)
    assert held == falling(last - 1, last - len(held))
    assert await page.locator(f"#feedback-{last - 1} h3").evaluate("each => each === document.activeElement")


async def test_on_a_large_screen_nothing_leaves_that_is_in_view(wall: Wall, page: Page) -> None:
    """Many more entries are in view there than anywhere else; what left would have to come back at once, for ever."""
    await page.set_viewport_size({"width": 3840, "height": 2160})
    await page.add_init_script(
        "self.lost = []; self.left = 0; const remove = Element.prototype.remove;"
        "Element.prototype.remove = function () { if (this.matches('article')) {"
        " const {top, bottom} = this.getBoundingClientRect(); left++;"
        " if (bottom > 0 && top < innerHeight) lost.push(this.id); } remove.call(this); };"
    )
    await fill(wall, 400)
    await open_live(page, wall)
    await scroll_to_the_end(page, 1)
    await scroll_to_the_top(page, 400)
    assert await page.evaluate("left") > 0
    assert await page.evaluate("lost") == []


async def test_an_entry_with_the_focus_stays(wall: Wall, page: Page) -> None:
    await fill(wall, 30)
    await open_live(page, wall)
    await page.locator("#feedback-1 a").focus()
    await page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    last = await fill(wall, 170)
    await expect(page.locator(f"#feedback-{last}")).to_have_count(1)
    assert await page.evaluate("document.activeElement.closest('article').id") == "feedback-1"
