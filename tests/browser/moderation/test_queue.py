"""The desk's queue while somebody works in it: nothing moves under their pointer or away from their focus."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.models import Membership

from ...support import until
from ..queue_pages import DESK, QueuePages, entry, open_desk, unfold
from ..served_wall import Wall
from ..wall_pages import LIVE, OFTEN

UNDER = "([x, y]) => document.elementFromPoint(x, y)?.closest('.entry')?.id"
TOP = "each => each.getBoundingClientRect().top"


async def centre(target: Any) -> tuple[float, float]:
    await target.scroll_into_view_if_needed()
    box = await target.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def open_with(wall: Wall, queue_pages: QueuePages, page: Page, *words: str) -> None:
    await queue_pages.arrange(hold="all")
    for each in words:
        wall.post("Ann", each)
    await queue_pages.let_in(page.context, "Kim")
    await open_desk(page, wall)


async def test_what_is_new_waits_while_the_pointer_is_in_the_list(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    await open_with(wall, queue_pages, page, "One", "Two", "Three")
    at = await centre(entry(page, 2).locator("text=Publish"))
    await page.mouse.move(*at)
    for each in ("Four", "Five"):
        wall.post("Ann", each)
    await expect(page.locator("#count-held")).to_have_text("5")
    await expect(page).to_have_title(re.compile(r"^\(5\) Desk: "))
    await expect(page.locator("#arrivals")).to_have_text("Show 2 new")
    assert await page.evaluate(UNDER, at) == "feedback-2"
    await expect(page.locator(".entry:visible .entry__text")).to_have_text(["Three", "Two", "One"])
    await page.click("#part-waiting .part__all")
    await expect(page.locator("#ticked")).to_have_text("3 selected")
    await page.click("#part-waiting .part__all")

    await page.click("#arrivals")
    await expect(page.locator(".entry:visible .entry__text")).to_have_text(["Five", "Four", "Three", "Two", "One"])
    await expect(entry(page, 5).locator(".entry__tick")).to_be_focused()
    await expect(page.locator("#arrivals")).to_be_hidden()


async def test_what_was_held_comes_by_itself_when_one_has_left_the_list(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    await open_with(wall, queue_pages, page)
    await page.mouse.move(*await centre(page.locator(".part__empty").first))
    wall.post("Ann", "One")
    await expect(page.locator("#arrivals")).to_have_text("Show 1 new")
    await expect(page.locator(".part__empty").first).to_have_text("All caught up.")
    await page.mouse.move(5, 5)
    await expect(entry(page, 1)).to_be_visible()
    await expect(page.locator("#arrivals")).to_be_hidden()
    await expect(page.locator("#part-waiting .part__empty")).to_have_count(0)
    await expect(page.locator("#part-waiting .part__all")).to_have_text("Select all")
    wall.post("Ann", "Two")
    await expect(entry(page, 2)).to_be_visible()


@pytest.mark.parametrize("where", ["focus", "menu", "tick", "finger", "deep"])
async def test_what_is_new_waits_for_whoever_is_at_work(
    wall: Wall, queue_pages: QueuePages, chromium: Browser, where: str
) -> None:
    context = await chromium.new_context(
        viewport={"width": 900, "height": 700}, has_touch=True, reduced_motion="reduce"
    )
    page = await context.new_page()
    await open_with(wall, queue_pages, page, *(f"Post {each}" for each in range(6)))
    if where == "focus":
        await page.keyboard.press("j")
        watched = entry(page, 6)
    elif where == "menu":
        await unfold(page, 5)
        await page.evaluate("document.activeElement.blur()")
        await page.mouse.move(5, 5)
        watched = entry(page, 5)
    elif where == "tick":
        await entry(page, 5).locator(".entry__tick").check()
        await page.evaluate("document.activeElement.blur()")
        await page.mouse.move(5, 5)
        watched = entry(page, 5)
    elif where == "finger":
        watched = entry(page, 5)
        await page.touchscreen.tap(*await centre(watched.locator(".entry__text")))
    else:
        await page.mouse.move(5, 400)
        await page.mouse.wheel(0, 900)
        watched = entry(page, 1)
        await expect(watched).to_be_in_viewport()
    before = await watched.evaluate(TOP)
    for each in range(3):
        wall.post("Ann", f"New {each}")
    await expect(page.locator("#arrivals")).to_have_text("Show 3 new")
    await expect(page.locator("#arrivals")).to_be_in_viewport()
    assert await watched.evaluate(TOP) == pytest.approx(before, abs=1)
    if where == "focus":
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await expect(entry(page, 6).locator(".entry__tick")).to_be_focused()
        await page.keyboard.press("k")
        await expect(entry(page, 6).locator(".entry__tick")).to_be_in_viewport()
    await context.close()


async def test_what_others_do_moves_nothing_under_the_pointer(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page
) -> None:
    await open_with(wall, queue_pages, page, "One", "Two", "Three", "Many words\n" * 9)
    await queue_pages.let_in(reader.context, "Robin")
    await open_desk(reader, wall)
    at = await centre(entry(page, 2).locator("text=Hide"))
    await page.mouse.move(*at)
    await entry(reader, 4).locator("text=Remove").click()
    await expect(entry(page, 4)).to_contain_text("Removed by Robin")
    await unfold(reader, 3)
    await reader.fill("#feedback-3-answer", "A long answer\n" * 12)
    await entry(reader, 3).locator(".entry__reply .button").click()
    await expect(entry(page, 3)).to_contain_text("Robin answered")
    assert await page.evaluate(UNDER, at) == "feedback-2"

    at = await centre(entry(page, 2).locator("text=Hide"))
    await page.mouse.move(*at)
    await entry(reader, 2).locator("text=Publish").click()
    await expect(entry(page, 2).locator(".entry__badges")).to_contain_text("published by Robin")
    assert await page.evaluate("([x, y]) => document.elementFromPoint(x, y).value", at) == "hide"
    await page.mouse.move(5, 5)
    await expect(entry(page, 2).locator(".entry__acts [value=publish]")).to_have_count(0)
    # What was removed gives its room back when nobody is there any more.
    await until(lambda: page.evaluate("document.getElementById('feedback-4').offsetHeight < 200"))


async def test_ones_own_act_is_seen_at_once_and_a_double_click_is_one_act(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    await page.set_viewport_size({"width": 900, "height": 2000})
    await open_with(wall, queue_pages, page, "One", "Two", "Three")
    below = await entry(page, 1).evaluate(TOP)
    await entry(page, 2).locator("text=Publish").dblclick()
    await expect(entry(page, 2)).to_have_attribute("data-state", "public")
    await expect(page.locator("#status")).to_have_text("Published.")
    await entry(page, 3).locator("text=Remove").click()
    await expect(entry(page, 3)).to_contain_text("Removed by Kim")
    assert await entry(page, 1).evaluate(TOP) == pytest.approx(below, abs=1)
    await expect(entry(page, 2)).to_have_attribute("data-state", "public")
    await expect(page.locator("#count-hidden")).to_have_text("0")


async def test_a_page_that_was_away_catches_up_without_moving(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    """A page too far behind is told to fetch the list; whoever is at work gets it entry by entry."""
    await page.add_init_script(OFTEN)
    await open_with(wall, queue_pages, page, "One", "Two", "Three")
    await entry(page, 2).locator(".entry__tick").check()
    before = await entry(page, 2).evaluate(TOP)
    wall.stop()
    await expect(page.locator("html")).to_have_attribute("data-live", "poll")
    # A version that was never given out: the answer is to fetch the list.
    await page.evaluate("document.getElementById('feedback').dataset.version = '1'")
    wall.start()
    wall.post("Ann", "Four")
    await page.wait_for_selector(LIVE)
    await page.evaluate(
        "htmx.ajax('GET', feedback.dataset.source, {source: feedback, target: '#feedback', swap: 'innerMorph'})"
    )
    await expect(page.locator("#arrivals")).to_have_text("Show 1 new")
    assert await entry(page, 2).evaluate(TOP) == pytest.approx(before, abs=1)
    await expect(entry(page, 2).locator(".entry__tick")).to_be_checked()
    await page.click("#arrivals")
    await expect(page.locator(".entry:visible .entry__text")).to_have_text(["Four", "Three", "Two", "One"])


async def test_a_notice_moves_nothing_and_can_be_put_away(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    await page.set_viewport_size({"width": 900, "height": 2000})
    await open_with(wall, queue_pages, page, "One", "Two")
    before = await entry(page, 1).evaluate(TOP)
    await unfold(page, 1)
    await page.route("**/moderation/acts", lambda route: route.fulfill(status=409, body=NOTICE))
    await entry(page, 1).locator("text=Hide").click()
    await expect(page.locator("#notice")).to_contain_text("Refused.")
    assert await entry(page, 1).evaluate(TOP) == pytest.approx(before, abs=1)
    await page.click("text=Close")
    await expect(page.locator("#notice")).to_be_empty()


NOTICE = '<hx-partial hx-target="#notice" hx-swap="innerHTML"><p class="notice">Refused.</p></hx-partial>'


async def test_what_newly_waits_and_what_others_do_is_said_now_and_then(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page
) -> None:
    await page.add_init_script(
        "self.said = []; document.addEventListener('DOMContentLoaded', () => new MutationObserver(() => "
        "said.push(document.getElementById('status').textContent)).observe(document.getElementById('status'), "
        "{childList: true}))"
    )
    await queue_pages.arrange(hold="all")
    wall.post("Ann", "One")
    await queue_pages.let_in(page.context, "Kim")
    await page.clock.install()
    await open_desk(page, wall)
    await queue_pages.let_in(reader.context, "Robin")
    await open_desk(reader, wall)
    for each in ("Two", "Three"):
        wall.post("Ann", each)
    await expect(page.locator("#count-held")).to_have_text("3")
    await page.clock.fast_forward(1000)
    await expect(page.locator("#status")).to_have_text("2 more wait for review.")
    await entry(reader, 1).locator("text=Publish").click()
    await expect(page.locator("#count-held")).to_have_text("2")
    wall.post("Ann", "Four")
    await expect(page.locator("#count-held")).to_have_text("3")
    await page.clock.fast_forward(5000)
    assert await page.evaluate("said") == ["2 more wait for review."]
    await page.clock.fast_forward(8000)
    await expect(page.locator("#status")).to_have_text("1 more waits for review. Robin published 1 post.")

    await entry(page, 2).locator("text=Hide").click()
    await expect(page.locator("#status")).to_have_text("Hidden.")
    await expect(page).to_have_title(re.compile(r"^\(2\) "))


async def test_loss_and_return_of_the_connection_are_said(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    await open_with(wall, queue_pages, page, "One")
    await page.clock.install()
    await open_desk(page, wall)
    wall.stop()
    await expect(page.locator("html")).to_have_attribute("data-live", "poll")
    for _ in range(9):
        await page.clock.run_for(1000)
    await expect(page.locator("#status")).to_be_empty()

    async def pass_until(words: str) -> None:
        async def heard() -> bool:
            await page.clock.run_for(2000)
            return bool(await page.locator("#status").text_content() == words)

        await until(heard)

    await pass_until("The connection is lost. Trying to reconnect.")
    wall.start()
    await pass_until("The connection is back.")


async def test_who_may_not_moderate_any_more_is_told_and_the_server_is_left_alone(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    number = await queue_pages.let_in(page.context, "Kim")
    await page.add_init_script(OFTEN)
    await page.goto(f"{wall.url}/moderation")
    await page.wait_for_selector(LIVE)
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(f"{answer.status} {answer.url}"))

    async def demote(session: AsyncSession) -> None:
        await session.delete((await session.scalars(Membership.of(number, 1))).one())

    await queue_pages.database.write(demote)
    await expect(page.locator("#feedback")).to_contain_text("You moderate no wall yet")
    await expect(page.locator("#notice")).to_be_empty()
    asked.clear()
    await page.evaluate("new Promise(done => { let left = 6; setInterval(() => left-- || done(), 200); })")
    assert asked == []

    await page.goto(f"{wall.url}/moderation")
    await expect(page.locator("h2")).to_have_text("You moderate no wall yet")
    await page.evaluate("new Promise(done => { let left = 6; setInterval(() => left-- || done(), 200); })")
    assert not [each for each in asked if "/live" in each or "/moderation/walls" in each or each.startswith("4")]
    await expect(page.locator("#notice")).to_be_empty()
    assert await page.goto(wall.url + DESK) is not None
