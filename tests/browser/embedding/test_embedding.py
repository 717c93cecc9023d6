"""The wall on somebody else's page: by a line of script, by an element, and by a bare frame."""

from collections.abc import Callable

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from ...support import NO_CERTIFICATES
from ..host_pages import HEIGHT, Publish, address, frame_of
from ..served_wall import Wall

WAYS = {
    "script": '<script src="{0}/embed.js" data-wall="main" data-theme="dark" data-accent="#0a7d55" async></script>',
    "element": '<script src="{0}/embed.js" async></script>'
    '<feedback-wall wall="main" theme="dark" accent="#0a7d55"></feedback-wall>',
    "frame": '<iframe src="{0}/walls/main/frame?theme=dark&accent=0a7d55" width="100%" height="600"></iframe>',
}


@pytest.mark.parametrize("way", WAYS)
async def test_people_write_and_read_on_another_site(wall: Wall, page: Page, host: Publish, way: str) -> None:
    """Requirement 42: with third-party cookies and storage blocked."""
    await page.goto(host(WAYS[way].format(address(wall))))
    inside = page.frame_locator("iframe")
    await inside.locator("html[data-live=stream]").wait_for()

    await inside.locator("#composer-name").fill("Ann")
    await inside.locator("#composer-text").fill("From afar")
    await inside.locator("#composer-send").click()

    await expect(inside.locator("#feedback .feedback__text")).to_have_text(["From afar"])
    wall.post("Bob", "Heard afar")
    await expect(inside.locator("#feedback .feedback__text")).to_have_text(["Heard afar", "From afar"])
    assert await inside.locator("html").get_attribute("data-theme") == "dark"
    accent = "getComputedStyle(document.documentElement).getPropertyValue('--accent-seed').trim()"
    assert await frame_of(page, wall).evaluate(accent) == "#0a7d55"
    assert await page.context.cookies() == []


async def test_a_wall_below_a_path_is_embedded_in_every_way(
    wall_with: Callable[..., Wall], page: Page, host: Publish
) -> None:
    wall = wall_with()
    wall.stop()
    wall.url += "/feedback"
    wall.page = f"{wall.url}/walls/main"
    wall.settings["FEEDBACK_BASE_URL"] = wall.url
    wall.start()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda answer: asked.append(f"{answer.status}") if answer.status >= 400 else None)
    inside, dark = page.frame_locator("iframe"), "html[data-theme=dark]"
    for number, (way, lines) in enumerate(WAYS.items()):
        await page.goto(host(lines.format(wall.url)))
        await inside.locator(f"{dark}[data-live=stream]").wait_for()
        if way != "frame":
            await inside.locator("html.fit").wait_for()
        await inside.locator("#composer-name").fill("Ann")
        await inside.locator("#composer-text").fill(f"By {way}")
        await inside.locator("#composer-send").click()
        await expect(inside.locator("#feedback .feedback__text").first).to_have_text(f"By {way}")
        wall.post("Bob", f"Heard by {way}")
        await expect(inside.locator("#feedback .feedback__text").first).to_have_text(f"Heard by {way}")
        await expect(inside.locator("article")).to_have_count(2 * number + 2)

    await page.goto(host(WAYS["element"].format(wall.url)))
    await inside.locator(f"{dark}[data-live=stream]").wait_for()
    for name, value in (("theme", "light"), ("accent", "#aa0000")):
        await page.evaluate(f"document.querySelector('feedback-wall').setAttribute('{name}', '{value}')")
    await inside.locator("html[data-theme=light]").wait_for()
    await inside.locator('link[href="/feedback/accents/aa0000.css"]').wait_for(state="attached")
    ours = f"http://127.0.0.1:{wall.port}/"
    assert [each for each in asked if not each.startswith(("http://host.test", f"{ours}feedback/"))] == []


async def test_a_frame_is_as_tall_as_its_content(wall: Wall, page: Page, host: Publish) -> None:
    for each in range(5):
        wall.post("Ann", f"Entry {each}\n\nwith lines")
    await page.goto(host(WAYS["script"].format(address(wall))))
    await page.frame_locator("iframe").locator("html.fit").wait_for()
    inner = "Math.ceil(document.documentElement.getBoundingClientRect().height)"

    async def fits() -> bool:
        return bool(await page.evaluate(HEIGHT) == await frame_of(page, wall).evaluate(inner))

    await page.wait_for_function(f"{HEIGHT} > 600")
    assert await fits()
    before = await page.evaluate(HEIGHT)
    wall.post("Bob", "Longer\n\n\n\n\n\nthan before")
    await page.wait_for_function(f"{HEIGHT} > {before}")
    assert await fits()


async def test_other_pages_cannot_set_the_height(wall: Wall, page: Page, host: Publish) -> None:
    await page.goto(host(WAYS["script"].format(address(wall))))
    await page.frame_locator("iframe").locator("html.fit").wait_for()
    before = await page.evaluate(HEIGHT)
    await page.evaluate("postMessage({type: 'feedback-wall:height', height: 5000}, '*')")
    for height in ("'abc'", "-5", "NaN", "0", "{}", "null"):
        await frame_of(page, wall).evaluate(
            f"parent.postMessage({{type: 'feedback-wall:height', height: {height}}}, '*')"
        )
    await page.evaluate("new Promise(done => setTimeout(done, 100))")
    assert await page.evaluate(HEIGHT) == before


async def test_the_frame_works_without_script(wall: Wall, chromium: Browser, host: Publish) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(host(WAYS["frame"].format(address(wall))))
    inside = page.frame_locator("iframe")

    await inside.locator("#composer-send").click()
    await expect(inside.locator(".field__fault").first).to_be_visible()
    await inside.locator("#composer-name").fill("Ann")
    await inside.locator("#composer-text").fill("Without script")
    await inside.locator("#composer-send").click()

    await expect(inside.locator(".composer__thanks")).to_contain_text("Your post is on the wall.")
    await expect(inside.locator("#feedback .feedback__text")).to_have_text(["Without script"])
    assert "/walls/main/frame?theme=dark&accent=0a7d55" in frame_of(page, wall).url
    await context.close()


async def test_only_frames_may_be_framed(wall: Wall, page: Page, host: Publish) -> None:
    await page.goto(host(f'<iframe src="{address(wall)}/walls/main"></iframe>'))
    assert await page.frame_locator("iframe").locator("#composer").count() == 0


async def test_a_host_sees_the_lines_and_what_they_give(wall: Wall, page: Page) -> None:
    await page.goto(f"{wall.page}/embed")
    await page.select_option("#look-theme", "dark")
    await page.fill("#look-accent", "#0a7d55")
    await page.fill("#look-limit", "5")
    await page.click("form button")

    await expect(page.locator(".snippet__lines").first).to_have_text(
        f'<script src="{wall.url}/embed.js" data-wall="main" data-theme="dark" data-accent="#0a7d55" data-limit="5" '
        f'async></script>\n<a href="{wall.page}">Feedback</a>'
    )
    preview = page.frame_locator("iframe")
    await expect(preview.locator("html[data-theme=dark]")).to_have_count(1)
    await preview.locator("html[data-live=stream]").wait_for()


async def test_a_form_turned_off_and_a_limit_are_heeded(wall: Wall, page: Page) -> None:
    for each in range(5):
        wall.post("Ann", f"Entry {each}")
    await page.goto(f"{wall.page}/frame?form=off&limit=2")
    assert await page.locator("#composer").count() == 0
    await expect(page.locator("#feedback article")).to_have_count(2)
    await page.click("#older a")
    await expect(page.locator("#feedback article")).to_have_count(4)


def test_the_loader_may_be_loaded_by_any_page(wall: Wall) -> None:
    answer = httpx.get(f"{wall.url}/embed.js", verify=NO_CERTIFICATES)
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=3600"


async def test_every_choice_of_the_embed_page_can_be_read(wall: Wall, page: Page) -> None:
    """A select is as wide as the words in it, whatever the width of the window."""
    await page.goto(f"{wall.page}/embed")
    for width in (360, 560, 768, 1100, 1440):
        await page.set_viewport_size({"width": width, "height": 900})
        cut = await page.evaluate(
            "[...document.querySelectorAll('main select')].filter(each => { const has = each.offsetWidth;"
            " each.style.inlineSize = each.style.justifySelf = 'max-content'; const needs = each.offsetWidth;"
            " each.removeAttribute('style'); return has < needs; }).map(each => each.name)"
        )
        assert cut == [], width
