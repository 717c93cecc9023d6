"""The desk as a moderator uses it: by keyboard, many entries at once, and what is said when it cannot be."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.models import LoginSession, Membership

from ..queue_pages import QueuePages, entry, open_desk, unfold
from ..served_wall import Wall
from ..wall_pages import LIVE, open_live, texts


async def test_a_moderator_works_by_keyboard_and_every_screen_follows(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page
) -> None:
    await queue_pages.arrange(hold="all")
    for each in ("One", "Two", "Three"):
        wall.post("Ann", each)
    await queue_pages.let_in(page.context, "Kim")
    await open_live(reader, wall)
    framed = await reader.context.new_page()
    await framed.goto(f"{wall.page}/frame")
    await framed.wait_for_selector(LIVE)
    await open_desk(page, wall)

    await page.keyboard.press("j")
    await expect(entry(page, 3).locator(".entry__tick")).to_be_focused()
    await page.keyboard.press("p")
    await expect(entry(page, 3)).to_have_attribute("data-state", "public")
    await expect(entry(page, 2).locator(".entry__tick")).to_be_focused()
    for screen in (reader, framed):
        await expect(screen.locator("#feedback .feedback__text")).to_have_text(["Three"])

    await page.keyboard.press("h")
    await expect(entry(page, 2)).to_have_attribute("data-state", "hidden")
    await page.keyboard.press("k")
    await page.keyboard.press("k")
    await page.keyboard.press("d")
    await expect(entry(page, 3)).to_contain_text("Removed by Kim")
    for screen in (reader, framed):
        await expect(screen.locator("#feedback .feedback")).to_have_count(0)
    await expect(page.locator("#count-held")).to_have_text("1")
    await expect(page.locator("#count-hidden")).to_have_text("1")

    await page.keyboard.press("z")
    await expect(page.locator(".told__words")).to_have_text("Undone.")
    for screen in (reader, framed):
        await expect(screen.locator("#feedback .feedback__text")).to_have_text(["Three"])

    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_hidden()
    await page.fill("#search", "")
    await page.locator("#search").press_sequentially("hdp?z")
    await expect(page.locator("#search")).to_have_value("hdp?z")
    await expect(page.locator("#keys")).to_be_hidden()
    assert await texts(reader) == ["Three"]


async def test_keys_can_be_left_alone(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    """WCAG 2.1.4: whoever dictates words must not act by them."""
    wall.post("Ann", "One")
    await queue_pages.let_in(page.context, "Kim")
    await open_desk(page, wall)
    await page.keyboard.press("?")
    await page.check("#keys-off")
    await page.reload()
    await page.wait_for_selector(LIVE)
    await page.keyboard.press("?")
    await page.keyboard.press("j")
    await expect(page.locator("#keys")).to_be_hidden()
    await expect(entry(page, 1).locator(".entry__tick")).not_to_be_focused()


async def test_many_are_ticked_published_and_taken_back_at_once(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page
) -> None:
    await queue_pages.arrange(hold="all")
    for each in ("One", "Two", "Three"):
        wall.post("Ann", each)
    await queue_pages.let_in(page.context, "Kim")
    await page.set_viewport_size({"width": 360, "height": 740})
    await open_live(reader, wall)
    await open_desk(page, wall)

    await expect(page.locator(".bulk")).to_be_hidden()
    await page.click("#part-waiting .part__all")
    await expect(page.locator("#ticked")).to_have_text("3 selected")
    await page.click(".bulk >> text=Publish")
    await expect(page.locator(".told__words")).to_have_text("3 published.")
    await expect(reader.locator("#feedback .feedback__text")).to_have_text(["Three", "Two", "One"])
    await expect(page.locator(".bulk")).to_be_hidden()
    assert await page.locator(".entry__tick:checked").count() == 0

    await page.click(".told >> text=Undo")
    await expect(reader.locator("#feedback .feedback")).to_have_count(0)
    await expect(page.locator("#count-held")).to_have_text("3")


async def test_undo_is_offered_for_ten_seconds_and_by_its_key_for_longer(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page
) -> None:
    wall.post("Ann", "One")
    await queue_pages.let_in(page.context, "Kim")
    await open_live(reader, wall)
    await page.clock.install()
    await open_desk(page, wall)
    await page.keyboard.press("j")
    await page.keyboard.press("h")
    await expect(page.locator("#told")).to_be_visible()
    await expect(reader.locator("#feedback .feedback")).to_have_count(0)
    await page.clock.fast_forward(9_000)
    await expect(page.locator("#told")).to_be_visible()
    await page.clock.fast_forward(2_000)
    await expect(page.locator("#told")).to_be_hidden()

    await page.keyboard.press("z")
    await expect(page.locator("#told")).to_be_visible()
    await expect(reader.locator("#feedback .feedback__text")).to_have_text(["One"])


async def test_an_act_that_is_on_its_way_is_the_one_that_is_taken_back(
    wall: Wall, queue_pages: QueuePages, page: Page, reader: Page
) -> None:
    for each in ("One", "Two"):
        wall.post("Ann", each)
    await queue_pages.let_in(page.context, "Kim")
    await open_live(reader, wall)
    await open_desk(page, wall)
    await page.keyboard.press("j")
    await page.keyboard.press("h")
    await expect(page.locator(".told__words")).to_have_text("Hidden.")
    await page.route("**/moderation/acts", _slowly)
    await page.keyboard.press("h")
    await page.keyboard.press("z")
    await expect(page.locator(".told__words")).to_have_text("Undone.")
    await expect(entry(page, 1)).to_have_attribute("data-state", "public")
    await expect(reader.locator("#feedback .feedback__text")).to_have_text(["One"])


async def _slowly(route: Route) -> None:
    await asyncio.sleep(0.3)
    await route.continue_()


async def test_a_refusal_is_seen_wherever_one_is_on_the_page(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    for each in range(14):
        wall.post("Ann", f"Post {each}")
    await queue_pages.let_in(page.context, "Kim")
    await open_desk(page, wall)
    for number in (1, 2, 3, 4):
        await unfold(page, number)
        await entry(page, number).locator("text=Pin to the top").click()
        if number < 4:
            await expect(entry(page, number).locator(".badge--pinned")).to_be_visible()
    await expect(page.locator("#notice")).to_contain_text("A wall has 3 pinned entries at most.")
    await expect(page.locator("#notice")).to_be_in_viewport()


@pytest.mark.parametrize("width", [360, 900])
async def test_more_stays_under_the_pointer_that_opened_it(
    wall: Wall, queue_pages: QueuePages, page: Page, width: int
) -> None:
    wall.post("Ann", "One")
    await queue_pages.let_in(page.context, "Kim")
    await page.set_viewport_size({"width": width, "height": 900})
    await open_desk(page, wall)
    summary = entry(page, 1).locator(".entry__summary")
    acts = await entry(page, 1).locator(".entry__acts").first.bounding_box()
    before = await summary.bounding_box()
    assert acts
    assert before
    assert before["y"] == acts["y"], "It is in line with the other buttons."
    await summary.click()
    await expect(page.locator("#feedback-1-answer")).to_be_visible()
    assert await summary.bounding_box() == before
    await page.mouse.click(before["x"] + before["width"] / 2, before["y"] + before["height"] / 2)
    await expect(page.locator("#feedback-1-answer")).to_be_hidden()


async def test_the_mark_of_the_connection_stands_at_the_end_of_its_line(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    await queue_pages.let_in(page.context, "Kim")
    for width in (360, 900):
        await page.set_viewport_size({"width": width, "height": 900})
        await open_desk(page, wall)
        head, live = page.locator(".desk__head"), page.locator(".mark__stream")
        ends = [await each.evaluate("each => each.getBoundingClientRect().right") for each in (head, live)]
        assert abs(ends[0] - ends[1]) < 1


async def test_who_is_logged_out_is_told_and_keeps_what_they_typed(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    wall.post("Ann", "One")
    number = await queue_pages.let_in(page.context, "Kim")
    await open_desk(page, wall)
    await unfold(page, 1)
    await page.fill("#feedback-1-answer", "A long answer")

    async def end(session: AsyncSession) -> None:
        await session.execute(LoginSession.delete_all(number))

    await queue_pages.database.write(end)
    await expect(page.locator("#notice")).to_contain_text("You are logged out")
    wall.post("Ann", "Two")
    await entry(page, 1).locator(".entry__reply .button").click()
    await expect(page.locator("#notice")).to_contain_text("Your session has ended, and nothing was done.")
    gap = (
        "a => { const comma = document.createRange(); comma.setStart(a.nextSibling, 0);"
        " comma.setEnd(a.nextSibling, 1);"
        " return comma.getBoundingClientRect().left - [...a.getClientRects()].at(-1).right; }"
    )
    assert abs(await page.locator("#notice a").evaluate(gap)) < 2, "The sentence is one text, with its link in it."
    link, close = await page.locator("#notice a").bounding_box(), await page.locator(".notice__close").bounding_box()
    assert link
    assert close
    assert close["y"] < link["y"] + link["height"], "Close stands beside it where there is room."
    await expect(page.locator("#feedback-1-answer")).to_have_value("A long answer")
    assert await page.locator("#feedback-2").count() == 0


async def test_who_is_demoted_is_cut_off(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    number = await queue_pages.let_in(page.context, "Kim")
    await open_desk(page, wall)

    async def demote(session: AsyncSession) -> None:
        await session.delete((await session.scalars(Membership.of(number, 1))).one())

    await queue_pages.database.write(demote)
    await expect(page.locator("#notice")).to_contain_text("You no longer moderate this wall.")
    wall.post("Ann", "Secret to them")
    await expect(page.locator("html")).to_have_attribute("data-live", "poll")
    assert await page.locator(".entry").count() == 0
