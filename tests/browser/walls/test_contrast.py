"""Every edge, ring, dot and dashed line that says something can be seen, in light, in dark and in forced colours."""

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from ...support import employ, open_session
from ..contrast import unseen
from ..queue_pages import DESK, QueuePages
from ..served_wall import Wall

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "forced colours, dark": {"forced_colors": "active", "color_scheme": "dark"},
}


@pytest.mark.parametrize("look", LOOKS)
async def test_what_has_no_words_can_be_seen(wall: Wall, queue_pages: QueuePages, chromium: Browser, look: str) -> None:
    wall.post("Ann", "Many words. " * 100)
    pinned = wall.post("Bob", "Pinned")
    wall.run("hide", str(wall.post("Cleo", "Hidden")))
    context = await chromium.new_context(**LOOKS[look], viewport={"width": 900, "height": 800})
    page = await context.new_page()
    found: dict[str, list[str]] = {}

    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=stream]")
    found["wall"] = await unseen(page)
    await page.evaluate("document.documentElement.dataset.live = 'poll'")
    found["wall that reconnects"] = await unseen(page)
    await page.click("#composer-send")
    await expect(page.locator(".field__fault")).to_have_count(2)
    found["faults"] = await unseen(page)
    for accent in ("000000", "ffcc00", "ffffff"):
        await page.goto(f"{wall.page}/frame?accent={accent}")
        found[f"frame, {accent}"] = await unseen(page)
    await page.goto(f"{wall.page}/embed")
    found["embed"] = await unseen(page)
    await page.goto(f"{wall.page}/feedback/{pinned}")
    found["entry"] = await unseen(page)

    await queue_pages.arrange(hold="all")
    wall.post("Dora", "Waits")
    await page.goto(wall.page)
    await page.fill("#composer-name", "Eve")
    await page.fill("#composer-text", "Waits, too")
    await page.click("#composer-send")
    await page.wait_for_selector("[data-waiting]")
    found["held"] = await unseen(page)

    await page.goto(f"{wall.url}/login")
    found["login"] = await unseen(page)
    number = await employ(queue_pages.database, "Kim", main="owner")
    token = await open_session(queue_pages.database, number)
    await context.add_cookies([{"name": "feedback", "value": token, "url": wall.url}])
    await page.goto(f"{wall.url}{DESK}")
    await page.locator(".entry__tick").first.check()
    await page.locator(".entry__more summary").first.click()
    found["desk"] = await unseen(page)
    await page.goto(f"{wall.url}{DESK}?search=nothing")
    found["desk without entries"] = await unseen(page)
    for name in ("", "/main", "/main/moderators"):
        await page.goto(f"{wall.url}/settings/walls{name}")
        found[f"settings{name}"] = await unseen(page)
    assert {name: faults for name, faults in found.items() if faults} == {}
