"""The desk's keys on every layout, and the help about them."""
# ruff: noqa: RUF001 - letters of other scripts look like Latin ones.

import pytest
from playwright.async_api import Browser, Page, expect

from ..queue_pages import DESK, QueuePages, entry, open_desk
from ..served_wall import Wall

PRESS = """how => document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...how, modifierCapsLock: how.caps}))"""


async def press(page: Page, key: str, code: str, **more: object) -> None:
    await page.evaluate(PRESS, {"key": key, "code": code, **more})


async def open_with(wall: Wall, queue_pages: QueuePages, page: Page, count: int = 3) -> None:
    for each in range(1, count + 1):
        wall.post("Ann", f"Post {each}")
    await queue_pages.let_in(page.context, "Kim")
    await open_desk(page, wall)


@pytest.mark.parametrize(
    ("down", "choose"),
    [
        (("о", "KeyJ"), ("ч", "KeyX")),  # Russian
        (("О", "KeyJ"), ("Ч", "KeyX")),  # Russian with Caps Lock
        (("ξ", "KeyJ"), ("χ", "KeyX")),  # Greek
        (("ח", "KeyJ"), ("ס", "KeyX")),  # Hebrew
        (("ت", "KeyJ"), ("ء", "KeyX")),  # Arabic
        (("र", "KeyJ"), ("्", "KeyX")),  # Hindi: a mark
        (("่", "KeyJ"), ("ป", "KeyX")),  # Thai: a mark
        (("J", "KeyJ"), ("X", "KeyX")),  # Latin with Caps Lock
        (("j", "KeyC"), ("x", "KeyB")),  # Dvorak: the letter on the key, wherever it is
        (("j", "KeyY"), ("x", "KeyX")),  # Colemak
    ],
)
async def test_keys_do_their_work_on_every_layout(
    wall: Wall, queue_pages: QueuePages, page: Page, down: tuple[str, str], choose: tuple[str, str]
) -> None:
    await open_with(wall, queue_pages, page)
    await press(page, *down)
    await expect(entry(page, 3).locator(".entry__tick")).to_be_focused()
    await press(page, *down)
    await press(page, *choose)
    await expect(entry(page, 2).locator(".entry__tick")).to_be_checked()
    await expect(page.locator(".entry__tick:checked")).to_have_count(1)


async def test_other_keys_and_keys_of_others_are_left_alone(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    await open_with(wall, queue_pages, page)
    await page.keyboard.press("j")
    for key, code, more in (
        (";", "KeyZ", {}),  # Dvorak: a semicolon in the place of Z
        ("q", "KeyX", {}),  # Dvorak: the letter counts
        ("é", "KeyX", {}),  # Bépo and others: a Latin letter that is none of ours
        ("Process", "KeyX", {}),  # An input method
        ("x", "KeyX", {"isComposing": True}),
        ("ч", "KeyX", {"keyCode": 229}),
        ("x", "KeyX", {"ctrlKey": True}),
        ("ч", "KeyX", {"metaKey": True}),
        ("x", "KeyX", {"altKey": True}),
        ("x", "KeyX", {"modifierAltGraph": True}),
        ("X", "KeyX", {"shiftKey": True}),
        ("constructor", "KeyX", {}),
        ("_", "Slash", {"shiftKey": True}),  # German: no question mark
    ):
        await press(page, key, code, **more)
    await expect(page.locator(".entry__tick:checked")).to_have_count(0)
    await expect(page.locator("#keys")).to_be_hidden()
    await page.focus("#search")
    await press(page, "ч", "KeyX")
    await press(page, "?", "Slash", shiftKey=True)
    await expect(page.locator("#keys")).to_be_hidden()


async def test_a_key_that_is_held_down_acts_once(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    await open_with(wall, queue_pages, page)
    await page.keyboard.press("j")
    await page.keyboard.down("d")
    for _ in range(3):
        await press(page, "d", "KeyD", repeat=True)
    await page.keyboard.up("d")
    await expect(entry(page, 3)).to_contain_text("Removed by Kim")
    await expect(page.locator("#count-public")).to_have_text("2")
    await expect(page.locator(".entry[data-state=removed]")).to_have_count(1)


async def test_the_help_is_a_dialog_with_the_focus_in_it(wall: Wall, queue_pages: QueuePages, page: Page) -> None:
    await open_with(wall, queue_pages, page)
    await page.keyboard.press("j")
    for close in ("Escape", "?", "Enter"):
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await expect(page.locator("#keys-close")).to_be_focused()
        assert await page.evaluate("document.getElementById('keys').matches(':modal')")
        await page.keyboard.press("j")
        await page.keyboard.press(close)
        await expect(page.locator("#keys")).to_be_hidden()
        await expect(entry(page, 3).locator(".entry__tick")).to_be_focused()
    await page.click("#keys-open")
    await expect(page.locator("#keys-close")).to_be_focused()
    await page.click("#keys-close")
    await expect(page.locator("#keys-open")).to_be_focused()
    await press(page, ",", "Slash", shiftKey=True)  # Russian
    await expect(page.locator("#keys")).to_be_visible()


async def test_without_script_the_help_says_that_keys_need_one(
    wall: Wall, queue_pages: QueuePages, chromium: Browser
) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    await queue_pages.let_in(context, "Kim")
    page = await context.new_page()
    await page.goto(wall.url + DESK)
    await expect(page.locator("#keys-open")).to_be_hidden()
    await page.click("summary >> text=Keyboard shortcuts")
    await expect(page.locator(".keys-plain")).to_contain_text("Shortcuts need JavaScript")
    await context.close()
