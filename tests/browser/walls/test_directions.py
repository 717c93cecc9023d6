"""Words in several directions: each line is laid out by its own, wherever somebody's text of several lines is shown."""

from typing import Any

from playwright.async_api import BrowserContext, Page

from ..queue_pages import QueuePages, open_desk
from ..served_wall import Wall
from ..wall_pages import open_live

MIXED = "Feedback in two languages:\nشكرا جزيلا!\nThank you."  # noqa: RUF001
ARABIC_FIRST = "شكرا جزيلا!\nThank you.\n(שלום)"
# For each line of an element: whether it stands at the left or at the right edge, and what is at its left end.
LINES = """
element => {
  const [text] = element.childNodes, box = element.getBoundingClientRect(), lines = [];
  for (let from = 0; from < text.data.length;) {
    const end = text.data.indexOf('\\n', from) < 0 ? text.data.length : text.data.indexOf('\\n', from);
    const places = Array.from({length: end - from}, (_, at) => {
      const range = document.createRange();
      range.setStart(text, from + at);
      range.setEnd(text, from + at + 1);
      return [range.getBoundingClientRect(), text.data[from + at]];
    });
    const left = Math.min(...places.map(([each]) => each.left));
    const right = Math.max(...places.map(([each]) => each.right));
    const side = left - box.left < box.right - right ? 'left' : 'right';
    lines.push([side, places.find(([each]) => each.left === left)[1]]);
    from = end + 1;
  }
  return lines;
}
"""
SEEN = [["left", "F"], ["right", "!"], ["left", "T"]]
SEEN_ARABIC_FIRST = [["right", "!"], ["left", "T"], ["right", ")"]]


async def lines(page: Page, selector: str) -> Any:
    return await page.locator(selector).first.evaluate(LINES)


async def words_left(page: Page, selector: str) -> float:
    """Where the words of an element begin at the left, whatever room it has."""
    return float(
        await page.locator(selector).first.evaluate(
            "each => { const words = document.createRange(); words.selectNodeContents(each);"
            " return words.getBoundingClientRect().left; }"
        )
    )


async def test_each_line_is_laid_out_by_its_own_direction(
    wall: Wall, queue_pages: QueuePages, page: Page, context: BrowserContext
) -> None:
    for words in (MIXED, ARABIC_FIRST):
        wall.post("Ann", words)
    await queue_pages.arrange(welcome=MIXED)
    await open_live(page, wall)
    assert await lines(page, "#feedback-1 .feedback__text") == SEEN
    assert await lines(page, "#feedback-2 .feedback__text") == SEEN_ARABIC_FIRST
    assert await lines(page, ".wall__welcome") == SEEN

    await queue_pages.let_in(context, "Kim")
    await open_desk(page, wall)
    assert await lines(page, "#feedback-1 .entry__text") == SEEN
    await page.locator("#feedback-1 .entry__summary").click()
    await page.fill("#feedback-1-answer", ARABIC_FIRST)
    await page.locator("#feedback-1 .entry__reply .button").click()
    await page.wait_for_selector("#feedback-1 .entry__answer")
    assert await lines(page, "#feedback-1 .entry__answer .entry__text") == SEEN_ARABIC_FIRST
    await page.goto(f"{wall.page}/feedback/1")
    assert await lines(page, ".feedback__reply") == SEEN_ARABIC_FIRST


async def test_a_name_on_the_desk_stands_beside_its_box_and_a_wall_where_the_others_stand(
    wall: Wall, queue_pages: QueuePages, page: Page, context: BrowserContext
) -> None:
    wall.post("ليلى", "Hello")
    await queue_pages.arrange(title="קיר משוב")
    await queue_pages.let_in(context, "Kim")
    await open_desk(page, wall)
    box = await page.locator("#feedback-1-tick").bounding_box()
    assert box
    assert 0 < await words_left(page, "#feedback-1-name") - box["x"] - box["width"] < 24
    await page.goto(f"{wall.url}/moderation")
    counts = await page.locator(".desks__item").bounding_box()
    assert counts
    assert await words_left(page, ".desks__link") - counts["x"] < 40


async def test_a_card_stands_on_the_side_on_which_its_words_begin(wall: Wall, page: Page) -> None:
    for words in (MIXED, ARABIC_FIRST, "👍 123 !", "🎉 שלום"):
        wall.post("Ann", words)
    await open_live(page, wall)
    sides = await page.locator("#feedback article").evaluate_all(
        "all => all.map(each => [getComputedStyle(each).direction, each.querySelector('.feedback__initials')"
        ".getBoundingClientRect().left - each.getBoundingClientRect().left < 100])"
    )
    assert sides == [["rtl", False], ["ltr", True], ["rtl", False], ["ltr", True]]
