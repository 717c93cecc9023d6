"""What is done at the desk, on the screens of others: another moderator's, a reader's, and the author's."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from ...support import until
from ..queue_pages import QueuePages, entry, open_desk, unfold
from ..served_wall import Wall
from ..wall_pages import LIVE, OFTEN, open_live, texts, write


async def test_two_moderators_see_each_others_work(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page
) -> None:
    await queue_pages.arrange(hold="all")
    wall.post("Ann", "One")
    await queue_pages.let_in(page.context, "Kim")
    await queue_pages.let_in(reader.context, "Robin")
    await open_desk(page, wall)
    await open_desk(reader, wall)
    await unfold(reader, 1)
    await reader.fill("#feedback-1-answer", "Half an ans")

    await entry(page, 1).locator("text=Publish").click()
    await expect(entry(reader, 1)).to_contain_text("published by Kim")
    await expect(reader.locator("#count-held")).to_have_text("0")
    await expect(reader.locator("#feedback-1-answer")).to_have_value("Half an ans")
    wall.post("Bob", "Two")
    for each in (page, reader):
        await each.click("text=Show 1 new")
        await expect(each.locator("#part-waiting .entry__text")).to_have_text(["Two", "One"])
        await expect(each.locator("#count-held")).to_have_text("1")

    await entry(page, 2).locator("text=Remove").click()
    await expect(entry(reader, 2)).to_contain_text("Removed by Kim")
    await entry(reader, 1).locator("text=Hide").click()
    await expect(entry(page, 1)).to_contain_text("Hidden by Robin")


async def test_pins_and_answers_arrive_and_go_on_the_wall(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page
) -> None:
    for each in ("One", "Two", "Three"):
        wall.post("Ann", each)
    await queue_pages.let_in(page.context, "Kim")
    await open_live(reader, wall)
    await open_desk(page, wall)
    await unfold(page, 1)
    await entry(page, 1).locator("text=Pin to the top").click()
    await expect(reader.locator("#feedback .feedback__text")).to_have_text(["One", "Three", "Two"])
    await expect(entry(reader, 1)).to_contain_text("Pinned")
    await unfold(page, 2)
    await entry(page, 2).locator("text=Pin to the top").click()
    await expect(reader.locator("#feedback .feedback__text")).to_have_text(["Two", "One", "Three"])
    await page.click(".told >> text=Undo")
    await expect(reader.locator("#feedback .feedback__text")).to_have_text(["One", "Three", "Two"])

    await unfold(page, 1)
    await page.fill("#feedback-1-answer", "Thank you")
    await entry(page, 1).locator(".entry__reply .button").click()
    await expect(entry(reader, 1).locator(".feedback__answer")).to_contain_text("Kim")
    await expect(entry(reader, 1).locator(".feedback__reply")).to_have_text("Thank you")
    await unfold(page, 1)
    await page.fill("#feedback-1-answer", "Thank you all")
    await entry(page, 1).locator(".entry__reply .button").click()
    await expect(entry(reader, 1).locator(".feedback__reply")).to_have_text("Thank you all")

    await unfold(page, 1)
    await entry(page, 1).locator("text=Unpin").click()
    await expect(reader.locator("#feedback .feedback__text")).to_have_text(["Three", "Two", "One"])
    await reader.reload()
    assert await texts(reader) == ["Three", "Two", "One"]


@pytest.mark.parametrize("place", ["", "/frame"])
async def test_whoever_wrote_what_waits_sees_it_until_it_is_public_or_gone(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page, place: str
) -> None:
    await queue_pages.arrange(hold="all")
    await queue_pages.let_in(page.context, "Kim")
    await open_desk(page, wall)
    await reader.add_init_script(OFTEN)
    await reader.goto(wall.page + place)
    await reader.wait_for_selector(LIVE)
    for number, words in enumerate(("Mine", "Mine too"), 1):
        await write(reader, "Ann", words)
        await expect(reader.locator(".composer__thanks")).to_contain_text("moderator will review")
        await expect(entry(reader, number)).to_contain_text("Only you can see this")
        await expect(entry(reader, number).locator(".feedback__unkept")).to_be_hidden()

    await reader.reload()
    await reader.wait_for_selector(LIVE)
    await expect(reader.locator(".feedback[data-waiting] .feedback__text")).to_have_text(["Mine too", "Mine"])
    other = await (await reader.context.browser.new_context()).new_page()  # type: ignore[union-attr]
    await open_live(other, wall)
    assert await texts(other) == []

    await entry(page, 1).locator("text=Publish").click()
    await expect(entry(reader, 1)).not_to_have_attribute("data-waiting", re.compile(".*"))
    await expect(entry(reader, 1).locator(".feedback__mark")).to_have_count(0)
    await expect(other.locator("#feedback .feedback__text")).to_have_text(["Mine"])
    await entry(page, 2).locator("text=Hide").click()
    await expect(entry(reader, 2)).to_have_count(0)
    await reader.reload()
    await expect(reader.locator("#feedback .feedback__text")).to_have_text(["Mine"])
    kept = await reader.evaluate("Object.entries(localStorage).filter(([name]) => !name.startsWith('visitor'))")
    assert [words for _, words in kept if words] == []
    await other.context.close()


async def test_what_is_written_while_one_asks_for_what_waits_is_remembered_too(
    wall: Wall, queue_pages: QueuePages, reader: Page
) -> None:
    """The answer is about what was asked for: it does not know of what was written since; and a fault knows of none."""
    await queue_pages.arrange(hold="all")
    asked: list[int] = []
    was_written = asyncio.Event()

    async def late(route: Route) -> None:
        asked.append(route.request.url.count("of="))
        answer = await route.fetch()
        await was_written.wait()
        if asked.count(2) == 1:
            await route.fulfill(status=503, body="busy")
        else:
            await route.fulfill(response=answer)

    await reader.add_init_script(OFTEN)
    await reader.route("**/waiting?*", late)
    await reader.goto(wall.page)
    await reader.wait_for_selector(LIVE)
    await write(reader, "Ann", "Mine")
    await expect(entry(reader, 1)).to_contain_text("Only you can see this")
    await until(lambda: asked)
    await write(reader, "Ann", "Mine too")
    await expect(entry(reader, 2)).to_contain_text("Only you can see this")
    before = len(asked)
    was_written.set()
    # One may have been on its way already.
    await until(lambda: len(asked) > before + 4)
    assert set(asked[before + 1 :]) == {2}
    await reader.unroute_all(behavior="ignoreErrors")
    await reader.reload()
    await expect(reader.locator(".feedback[data-waiting] .feedback__text")).to_have_text(["Mine too", "Mine"])
