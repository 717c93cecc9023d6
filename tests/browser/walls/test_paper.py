"""A wall on paper: its words and nothing to press, black on white, whole, and where they came from, once."""

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from ..queue_pages import QueuePages, open_desk
from ..served_wall import Wall
from ..wall_pages import open_live

LONG = "\n".join(f"Line {each} of many." for each in range(90))
# What the print style makes of the page: which of these can be seen, and whether anything stands on anything else.
SEEN = "selector => [...document.querySelectorAll(selector)].filter(each => each.checkVisibility()).length"
OVERLAPS = """
() => {
  const texts = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const {currentNode: text} = walker, range = document.createRange();
    const hidden = '.visually-hidden, .composer__trap, .skip';
    if (!text.data.trim() || !text.parentElement.checkVisibility() || text.parentElement.closest(hidden)) continue;
    range.selectNodeContents(text);
    texts.push([text.data.trim().slice(0, 30), range.getBoundingClientRect()]);
  }
  const found = [];
  texts.forEach(([one, a], at) => texts.slice(at + 1).forEach(([other, b]) => {
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    if (high > 4 && wide > 1) found.push([one, other]);
  }));
  return found;
}
"""
LOOKS = """
selector => {
  const element = document.querySelector(selector), style = getComputedStyle(element);
  const {height, width} = element.getBoundingClientRect();
  return {colour: style.color, whole: element.scrollHeight <= Math.ceil(height) + 1 && style.maskImage === 'none',
    breaks: style.breakAfter, width, scheme: getComputedStyle(document.documentElement).colorScheme};
}
"""
NEVER = "form .button, button, .skip, .mark, .news, .older a, .feedback__more, .bulk, .staff, .told, .composer"


async def looks(page: Page, selector: str) -> Any:
    return await page.evaluate(LOOKS, selector)


@pytest.mark.parametrize("theme", ["dark", "auto"])
async def test_a_wall_is_printed_as_it_reads(
    wall: Wall, queue_pages: QueuePages, page: Page, context: BrowserContext, theme: str
) -> None:
    long = wall.post("Long", LONG[:1900])
    for each in range(32):
        wall.post(f"Person {each}", "A piece of feedback.")
    wall.run("hide", str(wall.post("Hidden", LONG[:1900])))
    await queue_pages.arrange(theme=theme, welcome="Say what you think.")
    await page.emulate_media(color_scheme="dark")
    for address in (wall.page, f"{wall.page}/frame", f"{wall.page}/feedback/{long}"):
        await page.emulate_media(media="screen", color_scheme="dark")
        await page.goto(address)
        await page.wait_for_selector("html[data-live=stream]")
        await page.emulate_media(media="print", color_scheme="dark")
        assert await page.evaluate(SEEN, NEVER) == 0, address
        assert await page.evaluate(OVERLAPS) == [], address
        text = await looks(page, ".feedback__text")
        assert text["colour"] == "rgb(0, 0, 0)"
        assert text["scheme"] == "light"
        assert (await looks(page, ".feedback__head"))["breaks"] == "avoid"
        assert await page.get_by_text(f"{wall.url}/walls/main").count() == 1
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert "ago" not in await page.locator("time").first.inner_text()
        assert "202" in await page.locator("time").first.inner_text()
        await page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert "202" not in await page.locator("time").first.inner_text()
    assert (await looks(page, f"#feedback-{long} .feedback__text"))["whole"]

    await queue_pages.let_in(context, "Kim")
    await page.emulate_media(media="screen")
    await open_desk(page, wall, "?show=hidden")
    await page.locator(".entry__tick").first.check()
    await page.emulate_media(media="print", color_scheme="dark")
    assert await page.evaluate(SEEN, NEVER) == 0
    assert await page.evaluate(OVERLAPS) == []
    text = await looks(page, ".entry__text")
    assert text["whole"]
    assert text["colour"] == "rgb(0, 0, 0)"


async def test_a_printed_page_is_as_wide_as_the_paper_and_holds_every_line(wall: Wall, page: Page) -> None:
    wall.post("Long", LONG[:1900])
    await page.set_viewport_size({"width": 1440, "height": 900})
    await open_live(page, wall)
    await page.emulate_media(media="print")
    assert (await looks(page, ".feedback"))["width"] > 1300
    assert (await looks(page, ".feedback__text"))["whole"]
