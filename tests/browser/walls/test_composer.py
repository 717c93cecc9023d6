"""What makes writing easy: a memory for the name and a draft, keys, and a form that fits above a phone's keyboard."""

import pytest
from playwright.async_api import Page, expect

from ..host_pages import Publish
from ..queue_pages import QueuePages
from ..served_wall import Wall
from ..wall_pages import OFTEN, open_live, write

READY = "#pause"


async def test_the_name_and_a_draft_survive_a_reload_until_one_forgets_the_name(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await page.wait_for_selector(READY)
    await write(page, "Ann", "First")
    await page.wait_for_selector(".composer__thanks")
    await expect(page.locator("#composer-name")).to_have_value("Ann")
    await expect(page.locator("#composer-text")).to_have_value("")
    await page.fill("#composer-text", "A half-finished thou")

    await page.reload()
    await page.wait_for_selector(READY)
    await expect(page.locator("#composer-name")).to_have_value("Ann")
    await expect(page.locator("#composer-text")).to_have_value("A half-finished thou")

    await page.get_by_role("button", name="Forget my name").click()
    await expect(page.locator("#composer-name")).to_have_value("")
    await expect(page.locator("#composer-name")).to_be_focused()
    await page.reload()
    await page.wait_for_selector(READY)
    await expect(page.locator("#composer-name")).to_have_value("")
    await expect(page.get_by_role("button", name="Forget my name")).to_have_count(0)

    await write(page, "Bob", "Sent")
    await page.wait_for_selector(".composer__thanks")
    await page.reload()
    await page.wait_for_selector(READY)
    await expect(page.locator("#composer-text")).to_have_value("")


async def test_typed_words_are_never_replaced_by_what_was_stored(wall: Wall, page: Page) -> None:
    await page.goto(wall.page)
    await page.evaluate("localStorage.setItem('feedback-name', 'Stored')")
    await page.reload()
    await page.fill("#composer-name", "Typed")
    await page.wait_for_selector(READY)
    await expect(page.locator("#composer-name")).to_have_value("Typed")


async def test_control_and_enter_send(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await page.fill("#composer-name", "Ann")
    await page.fill("#composer-text", "By keys")
    await page.wait_for_selector("#composer-send kbd")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["By keys"])
    await expect(page.get_by_role("button", name="Post", exact=True)).to_be_visible()


async def test_post_is_in_view_above_a_phones_keyboard(wall: Wall, page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await open_live(page, wall)
    await page.click("#composer-text")
    await page.set_viewport_size({"width": 360, "height": 400})
    await page.keyboard.type("Many words that make the field grow.\n" * 12)
    await expect(page.locator("#composer-send")).to_be_in_viewport(ratio=1)
    await expect(page.locator("#composer-text")).to_be_in_viewport()


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [
        ("publish", "Your post is on the wall now."),
        ("hide", "A moderator decided not to show your post."),
    ],
)
async def test_the_thank_you_follows_what_becomes_of_a_waiting_post(
    wall: Wall, queue_pages: QueuePages, page: Page, verb: str, sentence: str
) -> None:
    await queue_pages.arrange(hold="all")
    await page.add_init_script(OFTEN)
    await open_live(page, wall)
    await write(page, "Ann", "Waits")
    await expect(page.locator(".composer__thanks")).to_contain_text("A moderator will review your post")
    waiting = await page.locator("#feedback [data-waiting]").get_attribute("id") or ""

    wall.run(verb, waiting.removeprefix("feedback-"))

    await expect(page.locator(".composer__thanks")).to_contain_text(sentence)
    await expect(page.locator("#status")).to_have_text(sentence)


async def test_a_frame_without_storage_is_silent(wall: Wall, host: Publish, page: Page) -> None:
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text) if message.type in ("error", "warning") else None)
    await page.goto(
        host(f'<iframe sandbox="allow-scripts allow-forms" src="{wall.page}/frame" width="700" height="700"></iframe>')
    )
    frame = page.frame_locator("iframe")
    await frame.locator("#composer-name").fill("Ann")
    await frame.locator("#composer-text").fill("From a frame")
    assert [line for line in noise if "storage" in line.lower()] == []
