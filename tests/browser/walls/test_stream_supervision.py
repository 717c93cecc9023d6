"""The line to the server: what connects and does not deliver is no stream, and no post waits behind streams."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, FrameLocator, Page, Route, TimeoutError, expect

from ...support import until
from ..host_pages import Publish, address
from ..served_wall import Wall
from ..wall_pages import LIVE, OFTEN, open_live, write

ASKING = "Checking every 10 seconds"
TEXTS = "#feedback .feedback__text"


class Holding:
    """A proxy that lets the head of a stream pass and keeps the rest to itself, from its byte number `most` on."""

    def __init__(self, wall: Wall, most: int) -> None:
        self.wall, self.most, self.streams, self.port = wall, most, 0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, away = await asyncio.open_connection("127.0.0.1", self.wall.port)
        there = asyncio.create_task(asyncio.sleep(0))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            away.write(re.sub(rb"(?im)^connection:.*\r\n", b"", head)[:-2] + b"Connection: close\r\n\r\n")
            there = asyncio.create_task(self._pass(reader, away))
            writer.write(await upstream.readuntil(b"\r\n\r\n"))
            is_stream = b"/live" in head.split(b"\r\n", 1)[0]
            self.streams += is_stream
            left = self.most if is_stream else 10**9
            while piece := await upstream.read(65536):
                writer.write(piece[:left])
                left = max(0, left - len(piece))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            there.cancel()
            away.close()
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, away: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            away.write(piece)
        away.close()


@asynccontextmanager
async def behind(wall: Wall, most: int) -> AsyncIterator[Holding]:
    proxy = Holding(wall, most)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy


async def run_until(page: Page, selector: str) -> None:
    """Let the page's clock run until the selector matches.

    The server answers in real time. After the first long run the steps are shorter than the time after which a page
    doubts a stream, so that a stream that delivers is never doubted.
    """
    steps = [180_000, *[3_000] * 200]
    for step in steps:
        await page.clock.run_for(step)
        try:
            return await page.locator(selector).wait_for(state="attached", timeout=300)
        except TimeoutError:
            continue
    raise AssertionError(f"{selector} does not match after {sum(steps) // 1000} seconds of the page's clock.")


async def test_a_stream_of_which_nothing_arrives_is_none_and_is_tried_again_later(wall: Wall, page: Page) -> None:
    async with behind(wall, 0) as proxy:
        await page.clock.install()
        await page.add_init_script(OFTEN)
        await page.goto(f"http://127.0.0.1:{proxy.port}/walls/main")
        await until(lambda: proxy.streams)
        wall.post("Ann", "Heard all the same")
        await expect(page.locator(TEXTS)).to_have_text(["Heard all the same"])
        assert await page.get_attribute("html", "data-live") == "poll"
        await page.clock.run_for(20_000)
        wall.post("Bob", "And again")
        await expect(page.locator(TEXTS)).to_have_text(["And again", "Heard all the same"])
        assert proxy.streams == 1

        proxy.most = 10**9
        await run_until(page, LIVE)


async def test_after_two_silences_the_page_asks_instead(wall: Wall, page: Page) -> None:
    async with behind(wall, 40) as proxy:
        await page.clock.install()
        await page.goto(f"http://127.0.0.1:{proxy.port}/walls/main")
        await page.wait_for_selector(LIVE)
        for silences in (1, 2):
            await page.wait_for_selector(LIVE)
            await page.clock.run_for(60_000)
            await page.wait_for_selector("html[data-live=poll]") if silences == 2 else None
        assert proxy.streams == 2
        wall.post("Ann", "Asked for")
        await page.clock.run_for(20_000)
        await expect(page.locator(TEXTS)).to_have_text(["Asked for"])
        assert proxy.streams == 2


def frames(wall_address: str, count: int) -> str:
    return "".join(
        f'<iframe src="{wall_address}/walls/main/frame?limit=1&accent=a{each:02}" width="300" height="420"></iframe>'
        for each in range(count)
    )


async def streaming(page: Page) -> int:
    return sum([await each.evaluate("document.documentElement.dataset.live === 'stream'") for each in page.frames[1:]])


async def settled(page: Page, count: int) -> list[FrameLocator]:
    inside = [page.frame_locator("iframe").nth(each) for each in range(count)]
    for each in inside:
        await each.locator("html[data-live]").wait_for()
    end = time.monotonic() + 15
    while not 0 < await streaming(page) <= 2:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.6)  # Longer than pages take to agree.
    return inside


@pytest.mark.parametrize("count", [6, 12])
async def test_no_post_waits_behind_the_streams_of_many_frames_without_locks(
    wall: Wall,
    page: Page,
    host: Publish,
    count: int,
) -> None:
    """Plain http at a name has none."""
    await page.goto(host(frames(address(wall), count)))
    inside = await settled(page, count)
    assert await streaming(page) <= 2
    last = inside[-1]
    await last.locator("#composer-name").fill("Ann")
    await last.locator("#composer-text").fill("In time")
    began = time.monotonic()
    async with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        await last.locator("#composer-send").click()
    assert (await answered.value).status == 201
    assert time.monotonic() - began < 5  # It is a tenth of a second on a quiet machine.
    for each in inside:
        await expect(each.locator(TEXTS).first).to_have_text("In time", timeout=25_000)


async def test_frames_that_hear_each_other_late_give_way_all_the_same(wall: Wall, page: Page, host: Publish) -> None:
    """As on a slow device: nobody has answered when the time for it is over."""
    await page.add_init_script(
        "const Real = self.BroadcastChannel; self.BroadcastChannel = class extends Real {"
        "set onmessage(act) { super.onmessage = event => setTimeout(() => act(event), 1500); } }"
    )
    await page.goto(host(frames(address(wall), 6)))
    for number in range(6):
        await page.frame_locator("iframe").nth(number).locator("html[data-live]").wait_for()
    end, most = time.monotonic() + 20, 0
    while most <= 2 or await streaming(page) != 2:
        assert time.monotonic() < end
        most = max(most, await streaming(page))
        await asyncio.sleep(0.05)


async def test_frames_that_may_keep_nothing_at_all_ask_and_post_in_time(
    wall: Wall,
    page: Page,
    host: Publish,
) -> None:
    """Locks are denied, and so is the channel by which pages could agree."""
    denied = "throw new DOMException('denied', 'SecurityError')"
    await page.add_init_script(f"self.BroadcastChannel = class {{ constructor() {{ {denied} }} }}")
    await page.goto(host(frames(address(wall), 6)))
    for each in range(6):
        await page.frame_locator("iframe").nth(each).locator("html[data-live=poll]").wait_for()
    last = page.frame_locator("iframe").nth(5)
    await last.locator("#composer-name").fill("Ann")
    await last.locator("#composer-text").fill("In time")
    await last.locator("#composer-send").click()
    await expect(last.locator(TEXTS)).to_have_text(["In time"])
    assert not await streaming(page)


async def test_pages_without_locks_agree_who_streams(wall: Wall, chromium: Browser) -> None:
    context = await chromium.new_context()
    pages = [await context.new_page() for _ in range(5)]
    for page in pages:
        await page.goto(f"{address(wall)}/walls/main")
        assert await page.evaluate("navigator.locks") is None
    end = time.monotonic() + 20
    live = "document.documentElement.dataset.live === 'stream'"
    while sum([await each.evaluate(live) for each in pages]) != 2:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def test_a_page_without_locks_and_without_a_way_to_agree_asks_and_says_so(wall: Wall, page: Page) -> None:
    await page.add_init_script(OFTEN + "; delete self.BroadcastChannel")
    await page.goto(f"{address(wall)}/walls/main")
    wall.post("Ann", "Asked for")
    await expect(page.locator(TEXTS)).to_have_text(["Asked for"])
    assert await page.get_attribute("html", "data-live") == "poll"
    mark = page.locator("#mark")
    for is_offline, sentence in ((False, ASKING), (True, "Reconnecting"), (False, ASKING)):
        await page.context.set_offline(is_offline)
        await expect(mark).to_have_text(sentence, use_inner_text=True)


async def test_the_mark_says_how_a_page_hears_of_news_as_that_changes(wall: Wall, page: Page) -> None:
    async with behind(wall, 10**9) as proxy:
        await page.clock.install()
        await page.goto(f"http://127.0.0.1:{proxy.port}/walls/main")
        mark = page.locator("#mark")
        await expect(mark).to_have_text("Live", use_inner_text=True)
        proxy.most = 0
        await page.context.set_offline(True)
        await page.clock.run_for(200_000)
        await expect(mark).to_have_text("Reconnecting", use_inner_text=True)
        await page.context.set_offline(False)
        await page.clock.run_for(20_000)
        await expect(mark).to_have_text(ASKING, use_inner_text=True)
        proxy.most = 10**9
        await run_until(page, LIVE)
        await expect(mark).to_have_text("Live", use_inner_text=True)


async def test_a_page_gives_up_its_stream_for_a_post_that_waits(wall: Wall, page: Page) -> None:
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            await may_go.wait()
        await route.continue_()

    await open_live(page, wall)
    await page.route("**/feedback", hold)
    await write(page, "Ann", "Patient")
    await page.wait_for_selector("html[data-live=poll]")
    may_go.set()
    await expect(page.locator(TEXTS)).to_have_text(["Patient"])
    await page.wait_for_selector(LIVE, timeout=25_000)


async def test_older_entries_that_could_not_be_fetched_come_when_the_line_is_back(wall: Wall, page: Page) -> None:
    for each in range(45):
        wall.post("Ann", f"Entry {each}")
    await open_live(page, wall)
    await page.context.set_offline(True)
    async with page.expect_event("requestfailed", lambda request: "before=" in request.url):
        await page.locator("#older").scroll_into_view_if_needed()
    assert await page.locator(TEXTS).count() == 30
    await page.context.set_offline(False)
    await expect(page.locator(TEXTS)).to_have_count(45)
