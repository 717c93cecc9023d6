"""Columns without holes on a wide screen."""

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ..served_wall import Wall
from ..wall_pages import LIVE, open_live

TEXTS = ("Thank you!", "Two sentences are here. They take some lines. " * 3, "Many words. " * 25, "Long. " * 260)
# What is wrong with the columns: a hole, an overlap, or a card in the wrong order.
FAULTS = """() => {
  const list = document.querySelector('#feedback'), edge = list.getBoundingClientRect().top, columns = new Map();
  const faults = [];
  for (const card of list.querySelectorAll('article:not([data-held])')) {
    const {left, top, bottom} = card.getBoundingClientRect(), column = Math.round(left);
    const above = columns.get(column) ?? {bottom: edge - 16};
    if (Math.abs(top - above.bottom - 16) > 1.5) faults.push(`${card.id} ${top - above.bottom}`);
    columns.set(column, {bottom});
  }
  const ends = [...columns.values()].map(each => each.bottom);
  if (list.getBoundingClientRect().bottom < Math.max(...ends) - 1) faults.push('the list is shorter than its cards');
  return faults;
}"""
LEFTS = """() => Object.fromEntries([...document.querySelectorAll('#feedback article')].map(
  each => [each.id, new DOMMatrix(each.style.transform).e]))"""
COUNT = f"() => new Set(Object.values(({LEFTS})())).size"
SHIFT = (
    "self.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(entry => { shift += entry.value; }))"
    ".observe({type: 'layout-shift', buffered: true})"
)
IN_VIEW = """() => Object.fromEntries([...document.querySelectorAll('#feedback article')].map(
  each => [each.id, each.getBoundingClientRect()]).filter(([, box]) => box.bottom > 0 && box.top < innerHeight)
  .map(([id, box]) => [id, Math.round(box.top)]))"""


def fill(wall: Wall, count: int) -> list[int]:
    return [wall.post("Ann", f"{each} {TEXTS[each % len(TEXTS)]}") for each in range(count)]


async def until(page: Page, is_so: str) -> None:
    """Wait for what the expression says; `wait_for_function` needs `eval`, which the page forbids."""
    async with asyncio.timeout(20):
        while not await page.evaluate(is_so):
            await page.wait_for_timeout(50)


async def calm(page: Page) -> None:
    """Wait until nothing glides, and the columns have neither holes nor overlaps."""
    await until(page, "document.getAnimations().every(each => each.playState !== 'running')")
    await until(page, f"({FAULTS})().length === 0")


@pytest.mark.parametrize(("width", "columns"), [(1440, 2), (2560, 4)])
async def test_new_entries_move_one_column_and_shift_no_layout(
    wall: Wall, page: Page, width: int, columns: int
) -> None:
    fill(wall, 30)
    await page.set_viewport_size({"width": width, "height": 900})
    await page.add_init_script(SHIFT)
    await open_live(page, wall)
    await page.wait_for_selector("#feedback[data-columns]")
    await calm(page)
    assert await page.evaluate(COUNT) >= columns
    assert await page.evaluate("shift") < 0.1
    before = await page.evaluate(LEFTS)
    await page.evaluate("shift = 0")

    newest = fill(wall, 25)[-1]
    await page.wait_for_selector(f"#feedback-{newest}")
    await calm(page)

    after = await page.evaluate(LEFTS)
    assert {entry: after[entry] for entry in before} == before
    assert len({after[f"feedback-{newest - each}"] for each in range(8)}) > 1
    assert await page.evaluate("shift") < 0.1


async def test_columns_follow_unfolding_removal_and_the_window(wall: Wall, page: Page) -> None:
    numbers = fill(wall, 12)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await open_live(page, wall)
    await calm(page)

    await page.locator(".feedback__more summary").first.click()
    await calm(page)
    wall.run("hide", str(numbers[-2]))
    await expect(page.locator("#feedback article")).to_have_count(11)
    await calm(page)
    wall.edit(numbers[-1], "Grows. " * 60)
    await expect(page.locator("#feedback article").first).to_contain_text("Grows")
    await calm(page)

    await page.set_viewport_size({"width": 2000, "height": 900})
    await until(page, f"({COUNT})() > 2")
    await calm(page)
    await page.set_viewport_size({"width": 500, "height": 900})
    await page.wait_for_selector("#feedback:not([data-columns])")
    assert await page.evaluate("document.querySelectorAll('article[style*=translate]').length") == 0
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.wait_for_selector("#feedback[data-columns]")
    await calm(page)


async def test_what_one_reads_stays_while_the_list_above_changes(wall: Wall, page: Page) -> None:
    numbers = fill(wall, 30)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await open_live(page, wall)
    await calm(page)
    await page.evaluate("scrollTo({top: 1500, behavior: 'instant'})")
    await asyncio.sleep(0.2)  # The observer of what is in view reports in the next frame.
    before = await page.evaluate(IN_VIEW)

    wall.post("Bob", "Is held")
    await expect(page.locator("#news")).to_have_text("Show 1 new post")
    assert await page.evaluate(IN_VIEW) == before
    for each in (1, 2, 3):
        wall.run("hide", str(numbers[-each]))
    await expect(page.locator("#feedback article:not([data-held])")).to_have_count(27)
    await page.wait_for_timeout(100)
    assert await page.evaluate(IN_VIEW) == before

    await page.click("#news")
    await expect(page.locator("#feedback article[data-held]")).to_have_count(0)
    await until(page, "scrollY < 200")
    await calm(page)


async def test_long_lists_load_and_leave_in_columns_without_a_jump(wall: Wall, page: Page) -> None:
    """Older entries come at the end; with many, the newest leave the page and come back."""
    for each in range(400):
        wall.post("Ann", f"{each} {TEXTS[each % 3]}")
    await page.set_viewport_size({"width": 2000, "height": 700})
    await open_live(page, wall)
    await page.wait_for_selector("#feedback[data-columns]")
    while not await page.locator("#newer").count():
        await page.evaluate("scrollTo({top: 1e6, behavior: 'instant'})")
        await page.wait_for_timeout(50)
    overlaps = FAULTS.replace(
        "Math.abs(top - above.bottom - 16) > 1.5", "'id' in above && Math.abs(top - above.bottom - 16) > 1.5"
    ).replace("{bottom}", "{bottom, id: card.id}")
    assert await page.evaluate(overlaps) == []
    while await page.locator("#newer").count():
        await page.evaluate("scrollBy({top: -600, behavior: 'instant'})")
        await page.wait_for_timeout(50)
    await page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    await calm(page)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_cards_glide_unless_motion_is_reduced(wall: Wall, page: Page, motion: str) -> None:
    fill(wall, 8)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    await open_live(page, wall)
    await calm(page)
    await page.evaluate(
        "self.glides = 0; const animate = Element.prototype.animate;"
        "Element.prototype.animate = function (...how) { glides++; return animate.apply(this, how); }; 0"
    )
    await page.wait_for_timeout(500)  # Cards that follow each other fast do not glide.
    newest = wall.post("Bob", "Arrives")
    await page.wait_for_selector(f"#feedback-{newest}")
    await calm(page)
    assert (await page.evaluate("glides") > 0) == (motion == "no-preference")


async def test_without_script_cards_stand_in_rows(wall: Wall, context: BrowserContext) -> None:
    fill(wall, 6)
    browser = context.browser
    assert browser is not None
    plain = await (await browser.new_context(java_script_enabled=False)).new_page()
    await plain.set_viewport_size({"width": 1440, "height": 900})
    await plain.goto(wall.page)
    boxes = [await each.bounding_box() for each in await plain.locator("#feedback article").all()]
    tops = [box["y"] for box in boxes if box]
    assert tops[0] == tops[1] < tops[-1]


async def test_columns_run_from_the_right_in_a_right_to_left_page(wall: Wall, page: Page) -> None:
    fill(wall, 6)
    wall.post("فرح", "شكرا جزيلا على هذا اليوم الرائع")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.add_init_script(
        "document.addEventListener('readystatechange', () => { document.documentElement.dir = 'rtl'; })"
    )
    await page.goto(wall.page)
    await page.wait_for_selector(LIVE)
    await calm(page)
    first, second = [await page.locator("#feedback article").nth(each).bounding_box() for each in (0, 1)]
    assert first
    assert second
    assert first["x"] > second["x"]
