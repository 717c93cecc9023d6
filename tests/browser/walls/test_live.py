"""The live list in a browser."""

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from ..served_wall import Wall
from ..wall_pages import LIVE, open_live, texts, write


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


async def test_the_page_of_one_entry_says_that_it_was_taken_back_only_when_it_was(wall: Wall, page: Page) -> None:
    number = wall.post("Ann", "Alone")
    await page.goto(f"{wall.page}/feedback/{number}")
    await page.wait_for_selector(LIVE)
    await expect(page.locator(".feedback__text")).to_have_text("Alone")
    await expect(page.locator("#empty")).to_be_hidden()

    wall.run("hide", str(number))

    await expect(page.locator(".feedback")).to_have_count(0)
    await expect(page.locator("#empty")).to_have_text("This has just been taken back.")
    await expect(page.locator("#empty")).to_be_visible()
    await expect(page.locator("#status")).to_have_text("This has just been taken back.")
