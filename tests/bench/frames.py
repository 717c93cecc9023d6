"""Time of a post on a page with many frames of one wall, over HTTP/1.1, with and without Web Locks.

Browsers open six connections to a host, and the streams of frames must leave one for posts.
"""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from ..browser.conftest import FLAGS, serving
from ..browser.served_wall import Wall

COUNTS = (3, 6, 12)
STREAMING = "document.documentElement.dataset.live === 'stream'"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=40, help="for each row")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        host = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=host.serve_forever, daemon=True).start()
        asyncio.run(measure(Path(folder), host.server_port, arguments.posts))
        host.shutdown()
        host.server_close()


async def measure(folder: Path, port: int, posts: int) -> None:
    print(f"{'locks':>7} {'frames':>7} {'streams':>8} {'p50 ms':>8} {'p99 ms':>8} {'longest':>8}")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for has_locks in (True, False):
            for count in COUNTS:
                with serving(folder / f"data-{has_locks}-{count}", FEEDBACK_LOG="off") as wall:
                    await row(chromium, wall, folder, port, count, posts, has_locks=has_locks)
        await chromium.close()


async def row(
    chromium: Browser, wall: Wall, pages: Path, port: int, count: int, posts: int, *, has_locks: bool
) -> None:
    """A browser trusts localhost without TLS, so its frames have Web Locks there; other names have none."""
    host, name = ("127.0.0.1", "127.0.0.1") if has_locks else ("host.test", "wall.test")
    frames = "".join(
        f'<iframe src="http://{name}:{wall.port}/walls/main/frame?limit=1&accent=a{each:02}" height="420"></iframe>'
        for each in range(count)
    )
    (pages / "index.html").write_text(f"<!doctype html><title>Host</title>{frames}")
    page = await chromium.new_page()
    await page.goto(f"http://{host}:{port}/")
    for each in range(count):
        await page.frame_locator("iframe").nth(each).locator("html[data-live]").wait_for()
    await asyncio.sleep(2)
    streams = sum([await each.evaluate(STREAMING) for each in page.frames[1:]])
    took = sorted([await post(page, each % count, f"Post {each}") for each in range(posts)])
    median, most = statistics.median(took), took[min(len(took) - 1, int(len(took) * 0.99))]
    print(f"{has_locks!s:>7} {count:>7} {streams:>8} {median:>8.0f} {most:>8.0f} {took[-1]:>8.0f}", flush=True)
    await page.close()


async def post(page: Page, frame: int, text: str) -> float:
    """Milliseconds from the click to the thank-you."""
    inside = page.frame_locator("iframe").nth(frame)
    await inside.locator("#composer-name").fill("Ann")
    await inside.locator("#composer-text").fill(text)
    began = time.monotonic()
    async with page.expect_response(lambda answer: answer.request.method == "POST", timeout=60_000) as answered:
        await inside.locator("#composer-send").click()
    assert (await answered.value).status == 201
    took = (time.monotonic() - began) * 1000
    await inside.get_by_text(text).first.wait_for(timeout=60_000)
    return took


if __name__ == "__main__":
    main()
