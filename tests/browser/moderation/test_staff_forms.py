"""The forms of moderators' pages: what is wrong is found, what is typed is not lost, what was done is said once."""

from typing import Any

import pytest
from playwright.async_api import Dialog, Page, expect

from ..served_wall import Wall
from .test_settings import HOME, become_owner


def answering(page: Page, *answers: bool) -> list[str]:
    """Whether to leave, for each question that the browser asks; gives their kinds."""
    asked: list[str] = []
    left = list(answers)

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await (dialog.accept() if left.pop(0) else dialog.dismiss())

    page.on("dialog", answer)
    return asked


async def test_a_fault_has_the_focus_and_is_linked_from_the_top(wall: Wall, page: Page) -> None:
    await become_owner(wall, page)
    await page.set_viewport_size({"width": 1440, "height": 800})
    await page.goto(wall.url + HOME)
    await page.check("[name=embedding][value=some]")
    await page.fill("[name=origins]", "https://a.example/page")
    await page.click(".arranging__save button")
    await expect(page.locator("#notice")).to_contain_text("Not saved: fix the field marked below.")
    await expect(page.locator("[name=origins]")).to_be_focused()
    for seen in ("[name=origins]", "#origins-fault"):
        await expect(page.locator(seen)).to_be_in_viewport(ratio=1)
        assert await page.evaluate(IS_FREE, seen), seen
    await page.fill("[name=title]", "")
    await page.click(".arranging__save button")
    await expect(page.locator("#notice")).to_contain_text("Not saved: fix the 2 fields marked below.")
    await expect(page.locator("[name=title]")).to_be_focused()
    await page.click(".faults a >> text=Sites")
    await expect(page.locator("[name=origins]")).to_be_focused()


IS_FREE = """name => {
    const each = document.querySelector(name), box = each.getBoundingClientRect();
    return each.contains(document.elementFromPoint(box.left + 20, box.bottom - 3));
}"""


@pytest.mark.parametrize(
    ("address", "fields", "button"),
    [
        ("/settings/walls", {"#new-title": "", "#new-slug": "-"}, "Create wall"),
        (HOME, {"#address-slug": "-"}, "Change address"),
        (f"{HOME}/moderators", {"#field-name": ""}, "Add"),
        (f"{HOME}/delete", {"#delete-address": "wrong"}, "Delete the wall"),
        ("/settings/account", {"#field-old_password": "x", "#field-password": "short"}, "Change password"),
    ],
)
async def test_every_form_shows_its_first_fault(
    wall: Wall, page: Page, address: str, fields: dict[str, str], button: str
) -> None:
    await become_owner(wall, page)
    await page.goto(wall.url + address)
    for field, words in fields.items():
        await page.fill(field, words)
    await page.get_by_role("button", name=button, exact=True).click()
    await expect(page.locator("#notice .faults li")).not_to_have_count(0)
    first = page.locator("main [aria-invalid]").first
    await expect(first).to_be_focused()
    await page.evaluate("document.activeElement.blur()")
    await page.locator(".faults a").first.click()
    await expect(first).to_be_focused()


async def test_what_is_typed_is_not_left_without_a_question(wall: Wall, page: Page) -> None:
    await become_owner(wall, page)
    await page.goto(wall.url + HOME)
    await expect(page.locator(".arranging__unsaved")).to_be_empty()
    await page.fill("[name=welcome]", "Half a welcome")
    await expect(page.locator(".arranging__unsaved")).to_have_text("Unsaved changes")
    asked = answering(page, False, False, False, True)
    await page.click("text=Moderate")
    await page.click("text=Log out")
    await page.get_by_role("button", name="Change address").click()
    await expect(page.locator("[name=welcome]")).to_have_value("Half a welcome")
    assert asked == ["beforeunload"] * 3

    await page.fill("[name=welcome]", "")
    await expect(page.locator(".arranging__unsaved")).to_be_empty()
    await page.check("[name=theme][value=dark]")
    await expect(page.locator(".arranging__unsaved")).to_have_text("Unsaved changes")
    await page.click(".arranging__save button")
    await expect(page.locator(".notice--good")).to_have_text("Saved. Open pages are already up to date.")
    assert page.url == wall.url + HOME
    await page.reload()
    await expect(page.locator(".notice--good")).to_have_count(0)
    assert asked == ["beforeunload"] * 3

    await page.fill("[name=title]", "")
    await page.click(".arranging__save button")
    await expect(page.locator(".arranging__unsaved")).to_have_text("Unsaved changes")
    await page.click("text=Moderate")
    await expect(page.locator("#desk")).to_be_visible()
    assert asked == ["beforeunload"] * 4


async def test_an_answer_that_is_being_written_is_not_left_without_a_question(wall: Wall, page: Page) -> None:
    wall.post("Ann", "One")
    await become_owner(wall, page)
    await page.goto(f"{wall.url}/walls/main/moderation")
    await page.click(".entry__summary")
    await page.fill("#feedback-1-answer", "Half an answer")
    asked = answering(page, False)
    await page.click("text=Walls")
    await page.click(".entry__reply .button")
    await expect(page.locator(".entry__by")).to_contain_text("Kim answered")
    await page.click("text=Walls")
    await expect(page.locator("h1")).to_have_text("Walls")
    assert asked == ["beforeunload"]


async def test_without_script_the_first_fault_has_the_focus(wall: Wall, page: Page, chromium: Any) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    still = await context.new_page()
    await become_owner(wall, still)
    await still.goto(wall.url + HOME)
    await still.check("[name=embedding][value=some]")
    await still.fill("[name=origins]", "nonsense here")
    await still.click(".arranging__save button")
    await expect(still.locator("[name=origins]")).to_be_focused()
    await expect(still.locator("[name=origins]")).to_be_in_viewport()
    await expect(still.locator(".arranging__unsaved")).to_have_text("Unsaved changes")
    await context.close()
