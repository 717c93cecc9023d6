"""What a person meets: without script, with a keyboard and a screen reader, on a small phone, over a slow line."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, Response, expect

from feedback_app.walls.posting import fast_path

from ..served_wall import Wall

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
KIB = 1000
HOSTILE = {
    "long word": "w" * 300,
    "long text": "Many words that fill the page. " * 64,
    "one word": "Yes",
    "zalgo": "Z" + "\u0301\u0316" * 15,
    "right to left": "شكرا جزيلا",
    "lines": "\n".join("line" for _ in range(40)),
}


async def faults_of(page: Page) -> list[str]:
    """What axe finds, with the elements."""
    await page.evaluate(
        "document.getAnimations().forEach(each => each.effect.getTiming().iterations === 1 && each.finish())"
    )
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run().then(result => result.violations)")
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


async def test_everything_works_without_script(wall: Wall, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(wall.page)

    await page.fill("#composer-text", "Words that must stay")
    await page.click("#composer-send")
    await expect(page.locator("#composer-name")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#composer-text")).to_have_value("Words that must stay")

    await page.fill("#composer-name", "Ann")
    await page.click("#composer-send")
    await expect(page.locator(".composer__thanks")).to_contain_text("Your post is on the wall.")
    await page.reload()
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Words that must stay"])

    for each in range(40):
        wall.post("Bob", f"Entry {each}")
    await page.goto(wall.page)
    await page.click("#older a")
    await expect(page.locator("#feedback article")).to_have_count(11)
    await page.locator("#feedback article a").last.click()
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Words that must stay"])
    await context.close()


@pytest.mark.parametrize("script", [True, False])
async def test_what_a_browser_sends_is_ordinary_to_the_letterbox(wall: Wall, chromium: Browser, script: bool) -> None:
    """Otherwise every post would take the long way, and nobody would notice."""
    context = await chromium.new_context(java_script_enabled=script)
    page = await context.new_page()
    for address in (wall.page, f"{wall.page}/frame?theme=dark&accent=%230a7d55"):
        await page.goto(address)
        await page.fill("#composer-name", "Ann")
        await page.fill("#composer-text", f"From {address}")
        async with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
            await page.click("#composer-send")
        answer = await sent.value
        assert answer.status == (201 if script else 303)
        told = {name.encode(): value.encode() for name, value in (await answer.request.all_headers()).items()}
        query = urlsplit(answer.url).query.encode()
        scope = {"headers": list(told.items()), "query_string": query, "client": ("127.0.0.1", 1)}
        assert fast_path.is_ordinary(scope, told), told
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(wall: Wall, chromium: Browser, scheme: str) -> None:
    for words in HOSTILE.values():
        wall.post("Ann Example", words)
    for each in range(12):
        wall.post(f"Person {each}", "Fills the page")
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": 900, "height": 700})  # type: ignore[arg-type]
    page = await context.new_page()
    found: dict[str, list[str]] = {}

    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=stream]")
    found["wall"] = await faults_of(page)

    await page.click("#composer-send")
    await expect(page.locator(".field__fault")).to_have_count(2)
    found["faults"] = await faults_of(page)

    await page.evaluate("scrollTo(0, document.querySelectorAll('#feedback article')[9].offsetTop)")
    await page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
    wall.post("Bob", "Held")
    await expect(page.locator("#news")).to_be_visible()
    found["held"] = await faults_of(page)

    await page.set_viewport_size({"width": 320, "height": 640})
    found["320 px"] = await faults_of(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320

    for name, address in {
        "frame": f"{wall.page}/frame",
        "accent": f"{wall.page}/frame?accent=ffee00&theme={scheme}",
        "embed": f"{wall.page}/embed",
        "entry": f"{wall.page}/feedback/1",
        "older": f"{wall.page}?before=5",
        "thanks": f"{wall.page}?thanks=19",
        "missing": f"{wall.url}/walls/none",
    }.items():
        await page.goto(address)
        found[name] = await faults_of(page)
    await context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


async def test_the_first_view_is_light_and_stays_put(wall: Wall, page: Page) -> None:
    """The byte budget: 34 KiB in all, 20 kB of script, three requests beside the stream, all from here (53)."""
    for each in range(30):
        wall.post(
            f"Person {each}", "A piece of feedback as people write it, two sentences long. This is the second one."
        )
    seen: list[Response] = []
    page.on("response", lambda response: seen.append(response))
    await page.add_init_script(
        "self.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(entry => { shift += entry.value; }))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=stream]")
    await page.wait_for_timeout(300)

    assert {response.url.split("/")[2] for response in seen} == {wall.url.split("/")[2]}
    parts = {response.url: response for response in seen if not re.search("/live|icon", response.url)}
    assert len(parts) == 3, list(parts)
    weight = {address: (await part.request.sizes())["responseBodySize"] for address, part in parts.items()}
    print({address.rsplit(".", 1)[-1] if "static" in address else "html": size for address, size in weight.items()})
    script = next(size for address, size in weight.items() if address.endswith(".js"))
    assert script <= 20 * KIB, weight
    assert sum(weight.values()) <= 34 * 1024, weight
    assert await page.evaluate("shift") < 0.01
    assert await page.evaluate("[...document.fonts].length") == 0


async def test_the_counter_counts_as_a_person_counts(wall: Wall, page: Page) -> None:
    """Requirement 36, in the browser."""
    await page.goto(wall.page)
    await page.fill("#composer-text", "é" * 1990 + "👍🏽" * 5)
    await expect(page.locator("text-counter")).to_have_text("5 left")
    await page.fill("#composer-text", "x" * 2001)
    await expect(page.locator("text-counter")).to_have_text("1 too many")


async def test_times_are_relative_and_exact_on_hover(wall: Wall, page: Page) -> None:
    wall.post("Ann", "Now")
    await page.goto(wall.page)
    time = page.locator("#feedback time")
    await expect(time).to_have_text("just now")
    await time.hover()
    await expect(time).to_have_attribute("title", re.compile(r"^\w+day, .* \d{4}.* \d+:\d\d:\d\d"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", await time.get_attribute("datetime") or "")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_entries_arrive_calmly_or_without_motion(wall: Wall, page: Page, motion: str) -> None:
    await page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=stream]")
    await page.evaluate(
        "self.runs = 0; document.addEventListener('transitionrun', event => { "
        "if (event.target.matches('article')) runs++; })"
    )
    wall.post("Ann", "Arrives")
    await expect(page.locator("#feedback article")).to_have_count(1)
    await page.wait_for_timeout(200)
    assert (await page.evaluate("runs") > 0) == (motion == "no-preference")


async def test_what_was_there_before_is_seen_at_once(wall: Wall, page: Page) -> None:
    """Only what arrives fades in: not what a page has when it is opened, nor what older feedback it fetches."""
    for each in range(40):
        wall.post("Ann", f"Entry {each}")
    await page.add_init_script(
        "self.runs = 0; addEventListener('transitionrun', event => { if (event.target.matches('article')) runs++; })"
    )
    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=stream]")
    await page.evaluate("scrollTo({top: 1e6, behavior: 'instant'})")
    await expect(page.locator("#feedback article")).to_have_count(40)
    await page.wait_for_timeout(200)
    assert await page.evaluate("runs") == 0


@pytest.mark.parametrize("height", [900, 320])
async def test_on_a_wide_screen_the_form_stays_in_view_and_all_of_it_can_be_reached(
    wall: Wall, page: Page, height: int
) -> None:
    for each in range(30):
        wall.post("Ann", f"Entry {each}")
    await page.set_viewport_size({"width": 1440, "height": height})
    await page.goto(wall.page)
    await page.evaluate("scrollTo({top: 1500, behavior: 'instant'})")
    await expect(page.locator("#feedback article").first).not_to_be_in_viewport()
    await expect(page.locator("#composer")).to_be_in_viewport()

    before = await page.evaluate("scrollY")
    await page.locator("#composer-send").hover()
    await expect(page.locator("#composer-send")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("scrollY") == before


@pytest.mark.parametrize("width", [320, 768, 1440, 2560])
async def test_nothing_sticks_out_at_any_width(wall: Wall, page: Page, width: int) -> None:
    for name, words in HOSTILE.items():
        wall.post(name if name != "long word" else "N" * 80, words)
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(wall.page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    over = (
        "[...document.querySelectorAll('article')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
    )
    assert await page.evaluate(over) == []
