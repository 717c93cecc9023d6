"""A frame of a wall stops scrolling once it has the height that its content needs and not before, on every host."""

import pytest
from playwright.async_api import Frame, Page, TimeoutError, expect

from ...support import until
from ..host_pages import Publish, address, frame_of
from ..served_wall import Wall

# Whether every line can be read: because the frame is tall enough, or because it scrolls.
REACHABLE = """() => {
  const root = document.documentElement, height = root.getBoundingClientRect().height;
  return innerHeight + 1 >= height || getComputedStyle(root).overflowY !== 'hidden';
}"""
FITS = "() => Math.abs(innerHeight - document.documentElement.getBoundingClientRect().height) <= 1"
SCROLLS = """() => {
  scrollTo(0, 1e9);
  return scrollY > 100 && getComputedStyle(document.documentElement).overflowY !== 'hidden';
}"""
SCRIPT = '<script src="{0}/embed.js" data-wall="main" async></script>'
ELEMENT = '<script src="{0}/embed.js" async></script><feedback-wall wall="main"></feedback-wall>'
BARE = '<iframe src="{0}/walls/main/frame" style="width:100%;height:300px"></iframe>'
QUOTED = BARE.replace('"', '\\"')
LOADER = '<script src="{0}/embed.js" async></script>'
HOSTILE = (
    "<style>iframe,feedback-wall *{{max-height:500px!important;min-height:90%;height:100px!important;"
    "max-width:200px;padding:20px;border:9px solid!important;box-sizing:border-box;transform:scale(.5);"
    "display:none}}</style>"
)
BOX = (
    "<script>customElements.define('site-box',class extends HTMLElement{{connectedCallback(){{"
    "this.attachShadow({{mode:'MODE'}}).innerHTML='<div>INSIDE</div>'}}}})</script><site-box></site-box>"
)
FULL = {
    "script": SCRIPT,
    "element": ELEMENT,
    "host's style and a script": HOSTILE + SCRIPT,
    "host's style and an element": HOSTILE + ELEMENT,
    "an open shadow root": LOADER + BOX.replace("MODE", "open").replace("INSIDE", '<feedback-wall wall="main">'),
    "a closed shadow root": LOADER + BOX.replace("MODE", "closed").replace("INSIDE", '<feedback-wall wall="main">'),
    "a bare frame in a shadow root": LOADER + BOX.replace("MODE", "open").replace("INSIDE", QUOTED),
    "a bare frame and the loader": BARE + LOADER,
    "half pixels": '<div style="width:300.3px;zoom:1.1">' + SCRIPT + "</div>",
    "from right to left": '<html dir="rtl"><div style="writing-mode:vertical-rl">' + SCRIPT + "</div>",
}  # fmt: skip
BOUNDED = {
    "a bare frame alone": BARE,
    "a bare frame that the host bounds": "<style>iframe,feedback-wall *{{max-height:300px}}</style>" + BARE + LOADER,
    "a frame that the loader cannot find": LOADER + BOX.replace("MODE", "closed").replace("INSIDE", QUOTED),
}  # fmt: skip


async def opened(page: Page, wall: Wall, host: Publish, html: str) -> Frame:
    """The wall's frame, also where no selector reaches it."""
    await page.goto(host(html.format(address(wall))))
    await until(lambda: any(each.url.startswith(address(wall)) for each in page.frames))
    frame = frame_of(page, wall)
    await frame.wait_for_selector("html[data-live]")
    return frame


async def test_a_frame_gets_the_height_of_its_content_on_every_host(wall: Wall, page: Page, host: Publish) -> None:
    last = [wall.post("Ann", f"Entry {each}\n\nwith lines") for each in range(5)][-1]
    for name, html in FULL.items():
        frame = await opened(page, wall, host, html)
        try:
            await frame.wait_for_function(FITS)
        except TimeoutError as late:
            raise AssertionError(name) from late
        assert await frame.evaluate("innerWidth") > 250, name
    await opened(page, wall, host, SCRIPT)
    frame = frame_of(page, wall)
    await frame.wait_for_function(FITS)
    before = await frame.evaluate("innerHeight")
    wall.run("hide", str(last))
    await frame.wait_for_function(f"() => innerHeight < {before}")
    await frame.wait_for_function(FITS)


@pytest.mark.parametrize("name", BOUNDED)
async def test_a_frame_that_does_not_get_its_height_scrolls(wall: Wall, page: Page, host: Publish, name: str) -> None:
    for each in range(5):
        wall.post("Ann", f"Entry {each}\n\nwith lines")
    frame = await opened(page, wall, host, BOUNDED[name])
    await frame.wait_for_function(SCROLLS)


async def test_an_element_that_the_host_bounds_scrolls(wall: Wall, page: Page, host: Publish) -> None:
    for each in range(5):
        wall.post("Ann", f"Entry {each}\n\nwith lines")
    for rule in ("height:400px", "max-height:400px;overflow:hidden", "position:absolute;inset:0 0 200px"):
        frame = await opened(page, wall, host, f"<style>feedback-wall{{{{{rule}}}}}</style>" + ELEMENT)
        await frame.wait_for_function(FITS)
        left = await page.evaluate(
            "(() => { const element = document.querySelector('feedback-wall'); element.scrollTo(0, 1e9);"
            "return element.scrollHeight - element.clientHeight - element.scrollTop; })()"
        )
        assert abs(left) <= 1, rule
        assert await page.evaluate("document.querySelector('feedback-wall').scrollTop") > 100, rule


async def test_a_long_wall_in_a_narrow_frame_can_be_read_to_its_end(wall: Wall, page: Page, host: Publish) -> None:
    """No height is too much for the loader."""
    for each in range(65):
        wall.post("Ann", f"Entry {each} " + "with a few words more " * 25)
    await page.set_viewport_size({"width": 320, "height": 700})
    frame = await opened(page, wall, host, SCRIPT)
    for loaded in (60, 65):
        await frame.locator("#older a").click()
        await expect(page.frame_locator("iframe").locator("article")).to_have_count(loaded)
        await frame.wait_for_function(FITS)
    assert await frame.evaluate("innerHeight") > 30_000


async def test_a_frame_that_is_hidden_at_first_is_right_once_it_is_seen(wall: Wall, page: Page, host: Publish) -> None:
    for each in range(5):
        wall.post("Ann", f"Entry {each}\n\nwith lines")
    await page.goto(host(f"<details><summary>Feedback</summary>{ELEMENT}</details>".format(address(wall))))
    for _ in range(2):
        await page.click("summary")
        await page.frame_locator("iframe").locator("html.fit").wait_for()
        await frame_of(page, wall).wait_for_function(FITS)
        assert await frame_of(page, wall).evaluate(REACHABLE)
        await page.click("summary")
