"""Frame times of a busy wall on a slow phone, while entries arrive.

A frame's work is the CPU time of the page's main thread since the last frame, from Chromium's trace. So other load on
the machine does not change it.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from feedback_app.clock import now

from ..browser.conftest import CHROMIUM, FLAGS, MISSING, Wall, serving

TEXTS = (
    "The part about undoing mistakes was worth the trip on its own.",
    "Could you say a little more about how the second example behaves when nobody listens? I lost the thread there.",
    "Thank you!",
    "Lovely talk. The slides were hard to read from the back, and the room was warm, but I would come again tomorrow.",
)
QUIET = {"FEEDBACK_POST_LIMIT": "", "FEEDBACK_LOG": "off"}
# A phone in portrait, and a laptop's window.
SCREENS = {"phone": (390, 844), "laptop": (1440, 900)}
CATEGORIES = "-*,toplevel,devtools.timeline"


class Measured(NamedTuple):
    """Milliseconds of work per frame, the number of entries at the end, and percent of the time busy."""

    work: list[float]
    entries: int
    busy: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-screen", description=__doc__)
    parser.add_argument("--entries", type=int, default=1000, help="how many arrive")
    parser.add_argument("--seconds", type=float, default=60, help="in how long")
    parser.add_argument("--before", type=int, default=100, help="how many are there already")
    parser.add_argument("--slowed", type=float, default=4, help="by how much the browser's processor is slowed")
    parser.add_argument("--screens", nargs="+", default=["phone"], choices=SCREENS)
    parser.add_argument("--reading", action="store_true", help="somebody has scrolled down, so that news waits")
    parser.add_argument("--trace", type=Path, help="where to keep Chromium's trace, for its developer tools")
    options = parser.parse_args()
    if CHROMIUM is None:
        sys.exit(MISSING)

    print(f"{now():%Y-%m-%d %H:%M} UTC, make bench-screen ARGS={' '.join(sys.argv[1:])!r}")
    print(
        f"{os.cpu_count()} cores, {options.entries} entries in {options.seconds:g} s, slowed {options.slowed:g} times"
    )
    asyncio.run(_measure_all(options))


async def _measure_all(options: argparse.Namespace) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        print(f"Chromium {browser.version}, Python {platform.python_version()}\n")
        print(f"{'':8}{'work of a frame, ms':>32}{'frames':>9}{'over':>9}{'entries':>13}{'busy':>7}")
        print(f"{'':8}{'p50':>8}{'p95':>8}{'p99':>8}{'worst':>8}{'':>9}{'16 ms, %':>9}{'in the page':>13}{'%':>7}")
        for screen in options.screens:
            with (
                tempfile.TemporaryDirectory() as home,
                serving(Path(home) / "data", FEEDBACK_POST_LIMIT="", FEEDBACK_LOG="off") as wall,
            ):
                measured = await _measure(browser, wall, SCREENS[screen], options)
            line = "".join(f"{each:8.1f}" for each in _quantiles(measured.work))
            over = 100 * sum(each > 16 for each in measured.work) / len(measured.work)
            frames = f"{len(measured.work):9}{over:9.1f}"
            print(f"{screen:8}{line}{frames}{measured.entries:13}{measured.busy:7.0f}", flush=True)
        await browser.close()


async def _measure(browser: Browser, wall: Wall, size: tuple[int, int], options: argparse.Namespace) -> Measured:
    await _post(wall, options.before, 0)
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = await context.new_page()
    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=stream]")
    if options.reading:
        await page.evaluate("document.querySelectorAll('#feedback article')[20].scrollIntoView()")
    devtools = await context.new_cdp_session(page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": options.slowed})
    await page.wait_for_timeout(1000)
    events = await _traced(devtools, _post(wall, options.entries, options.seconds))
    entries = await _entries(page)
    await context.close()
    if options.trace:
        options.trace.write_text(json.dumps(events))
    work, busy = _work(events)
    return Measured(work, entries, busy)


async def _entries(page: Page) -> int:
    return int(await page.evaluate("document.querySelectorAll('#feedback article').length"))


async def _post(wall: Wall, count: int, seconds: float) -> None:
    """Post at a steady rate, or as fast as possible."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=wall.url, headers=headers, timeout=30) as client:
        for number in range(count):
            await asyncio.sleep(max(0, began + seconds * number / count - time.monotonic()))
            data = {"name": f"Person {number % 40}", "text": TEXTS[number % len(TEXTS)], "key": os.urandom(8).hex()}
            answer = await client.post("/walls/main/feedback", data=data)
            assert answer.status_code == 303, answer.text
        await asyncio.sleep(max(0, began + seconds - time.monotonic()))


async def _traced(devtools: CDPSession, work: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    done = asyncio.Event()
    devtools.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    devtools.on("Tracing.tracingComplete", lambda _: done.set())
    await devtools.send("Tracing.start", {"categories": CATEGORIES, "transferMode": "ReportEvents"})
    await work
    await devtools.send("Tracing.end")
    await done.wait()
    return events


def _work(events: list[dict[str, Any]]) -> tuple[list[float], float]:
    """Milliseconds of main thread work per frame, and the busy share of the time."""
    threads = {(each["pid"], each["tid"]): each["args"]["name"] for each in events if each["name"] == "thread_name"}
    ours = [each for each in events if threads.get((each["pid"], each["tid"])) == "CrRendererMain"]
    # A frame ends when the main thread commits it.
    ends = sorted(each["ts"] + each.get("dur", 0) for each in ours if each["name"] == "Layerize")
    tasks = sorted(
        (each["ts"], each.get("tdur", 0)) for each in ours if each["name"] == "ThreadControllerImpl::RunTask"
    )
    work = [0.0] * len(ends)
    frame = 0
    for at, lasting in tasks:
        while frame < len(ends) and ends[frame] <= at:
            frame += 1
        if frame < len(ends):
            work[frame] += lasting / 1000
    whole = max(at + lasting for at, lasting in tasks) - min(at for at, _ in tasks)
    return work, sum(lasting for _, lasting in tasks) * 100 / whole


def _quantiles(values: list[float]) -> tuple[float, ...]:
    in_order = sorted(values)
    return (*(in_order[int(len(in_order) * part)] for part in (0.5, 0.95, 0.99)), in_order[-1])


if __name__ == "__main__":
    main()
