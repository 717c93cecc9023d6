"""Logging in as a person does: on a phone, without script, with a keyboard, and after the session has ended."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from ..served_wall import Wall
from ..walls.test_page import faults_of

PASSWORD = "four words that differ"


def setup_address(wall: Wall) -> str:
    """What the server printed when it started."""
    assert wall.process.stdout is not None
    found = re.search(r"http\S+/setup\S+", wall.process.stdout.readline())
    assert found is not None
    return found.group()


async def set_up(wall: Wall, page: Page) -> None:
    await page.goto(setup_address(wall))
    await page.fill("#field-name", "Ann")
    await page.fill("#field-password", PASSWORD)
    await page.fill("#field-password_again", PASSWORD)
    await page.click("text=Create account")
    await page.wait_for_url("**/moderation")


async def log_in(page: Page) -> None:
    await page.fill("#field-name", "ann")
    await page.fill("#field-password", PASSWORD)
    await page.press("#field-password", "Enter")


async def test_everything_about_accounts_works_without_script(wall: Wall, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await page.goto(f"{wall.url}/settings/account")
    await expect(page.locator("h1")).to_have_text("Log in")
    await set_up(wall, page)

    await page.goto(f"{wall.url}/settings/account")
    await page.fill("#field-old_password", "wrong")
    await page.fill("#field-password", "another four words")
    await page.fill("#field-password_again", "another four words")
    await page.click("text=Change password")
    await expect(page.locator("#field-old_password")).to_have_attribute("aria-invalid", "true")

    await page.click(".staff__out .button")
    await expect(page.locator(".notice")).to_have_text("You are logged out.")
    await page.goto(f"{wall.url}/settings/account")
    await expect(page.locator("h1")).to_have_text("Log in")

    await page.goto(f"{wall.url}/settings/walls/main/moderators")
    await log_in(page)
    await expect(page.locator("h1")).to_have_text("Team")

    await page.fill("#field-name", "Nobody yet")
    await page.check("input[value=owner]")
    await context.clear_cookies()
    await page.click(".card__form .button")
    await expect(page.locator(".notice")).to_contain_text("Your session has ended")
    await log_in(page)
    await expect(page.locator(".kept")).to_contain_text("Nobody yet")
    await page.click("text=Send it now")
    await expect(page.locator("#field-name")).to_have_value("Nobody yet")
    await expect(page.locator("input[value=owner]")).to_be_checked()
    await expect(page.locator("#field-name-fault")).to_contain_text("No account here has this name")

    await page.click("text=Invite a moderator")
    address = await page.locator(".snippet__lines").inner_text()
    guest = await (await chromium.new_context(java_script_enabled=False)).new_page()
    await guest.goto(address)
    await expect(guest.locator(".door__lead")).to_contain_text("a moderator of the wall “Feedback”")
    await guest.context.close()
    await context.close()


async def test_the_login_needs_only_a_keyboard(wall: Wall, page: Page) -> None:
    await set_up(wall, page)
    await page.context.clear_cookies()
    await page.goto(f"{wall.url}/login?next=/settings/account")
    await expect(page.locator("#field-name")).to_be_focused()
    await page.keyboard.type("Ann")
    await page.keyboard.press("Tab")
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
    await expect(page.locator("#field-name")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Ann")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    assert page.url.endswith("#main")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_pages_of_moderators(wall: Wall, chromium: Browser, scheme: str) -> None:
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": 900, "height": 700})  # type: ignore[arg-type]
    page = await context.new_page()
    found: dict[str, list[str]] = {}

    async def look(name: str) -> None:
        for width in (900, 320):
            await page.set_viewport_size({"width": width, "height": 700})
            found[f"{name} {width}"] = await faults_of(page)
            if await page.evaluate("document.documentElement.scrollWidth") > width:
                found[f"{name} {width}"].append("sticks out")

    address = setup_address(wall)
    await page.goto(address)
    await look("setup")
    await page.click("text=Create account")
    await look("setup with faults")
    await page.fill("#field-name", "W" * 80)
    await page.fill("#field-password", PASSWORD)
    await page.fill("#field-password_again", PASSWORD)
    await page.click("text=Create account")

    await page.goto(f"{wall.url}/settings/account")
    await look("account")
    await page.goto(f"{wall.url}/settings/walls/main/moderators")
    await page.click("text=Invite an owner")
    await page.wait_for_selector(".card--good")
    await look("moderators")
    await page.fill("#field-name", "Nobody")
    await context.clear_cookies()
    await page.click(".card__form .button")
    await look("login with a notice")
    await page.fill("#field-name", "W" * 80)
    await page.fill("#field-password", PASSWORD)
    await page.click(".door .button")
    await page.wait_for_selector(".kept")
    await look("kept")
    await context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}
