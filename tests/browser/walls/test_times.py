"""Relative times: never in the future, rounded into the right unit, and days as the reader's calendar has them."""

from typing import Any

from playwright.async_api import Browser, Page

from ..queue_pages import QueuePages
from ..served_wall import Wall

# Puts elements with these times into the page, the reader's clock at `now`, and reads what the page makes of them.
READ = """
([now, times]) => {
  Date.now = () => Date.parse(now);
  const list = document.getElementById('feedback');
  list.querySelectorAll('time').forEach(each => each.remove());
  for (const each of times) list.append(Object.assign(document.createElement('time'), {dateTime: each}));
  document.dispatchEvent(new CustomEvent('htmx:after:swap', {detail: {}}));
  return Array.from(list.querySelectorAll('time'), each => each.textContent);
}
"""
NOW = "2026-11-30T12:00:00Z"  # A Monday.
TABLE = {
    # A clock that is slow, by seconds, minutes and years.
    "2026-11-30T12:00:01Z": "just now",
    "2026-11-30T12:05:00Z": "just now",
    "2031-01-01T00:00:00Z": "just now",
    "2026-11-30T12:00:00Z": "just now",
    "2026-11-30T11:59:01Z": "just now",
    "2026-11-30T11:59:00Z": "1 minute ago",
    "2026-11-30T11:58:31Z": "1 minute ago",
    "2026-11-30T11:58:29Z": "2 minutes ago",
    "2026-11-30T11:00:31Z": "59 minutes ago",
    "2026-11-30T11:00:24Z": "1 hour ago",
    "2026-11-30T10:31:00Z": "1 hour ago",
    "2026-11-30T10:29:00Z": "2 hours ago",
    "2026-11-29T12:31:00Z": "23 hours ago",
    "2026-11-29T12:29:00Z": "yesterday",
    "2026-11-29T00:00:00Z": "yesterday",
    "2026-11-28T23:59:00Z": "2 days ago",
    "2026-11-24T00:00:00Z": "6 days ago",
    "2026-11-23T23:59:59Z": "1 week ago",
    "2026-11-20T12:00:00Z": "1 week ago",
    "2026-11-19T12:00:00Z": "2 weeks ago",
    "2026-11-01T00:00:00Z": "4 weeks ago",
    "2026-10-31T12:00:00Z": "4 weeks ago",
    "2026-10-30T12:00:00Z": "1 month ago",
    "2026-10-10T12:00:00Z": "2 months ago",
    "2026-01-01T12:00:00Z": "11 months ago",
    "2025-12-05T12:00:00Z": "1 year ago",
    "2025-11-30T12:00:00Z": "1 year ago",
    "2025-07-01T12:00:00Z": "1 year ago",
    "2025-05-01T12:00:00Z": "2 years ago",
    "2016-11-30T12:00:00Z": "10 years ago",
}
# Where the reader is, when they read, when it was written, and what it says.
ZONES = [
    # Written on Monday at 16:32, read on Wednesday at 4:26.
    ("Europe/Berlin", "2026-12-02T03:26:00Z", "2026-11-30T15:32:00Z", "2 days ago"),
    # The same two moments, where it is still Tuesday.
    ("America/Los_Angeles", "2026-12-02T03:26:00Z", "2026-11-30T15:32:00Z", "yesterday"),
    # An evening and the morning after it.
    ("Asia/Kolkata", "2026-12-01T03:00:00Z", "2026-11-30T15:00:00Z", "12 hours ago"),
    # A day of 25 hours, from its first to its last minute; the clocks went back in it.
    ("Europe/Berlin", "2026-10-25T22:50:00Z", "2026-10-24T22:05:00Z", "25 hours ago"),
    # A day of 23 hours lies between.
    ("Europe/Berlin", "2026-03-30T10:00:00Z", "2026-03-28T11:00:00Z", "2 days ago"),
    ("Pacific/Kiritimati", "2026-01-01T11:00:00Z", "2025-12-31T09:00:00Z", "2 days ago"),
]
LANGUAGES = {
    "de": "gerade eben, vor 1 Minute, vor 1 Stunde, gestern, vorgestern, vor 1 Woche, vor 1 Monat, vor 1 Jahr",
    "es": "ahora mismo, hace 1 minuto, hace 1 hora, ayer, anteayer, hace 1 semana, hace 1 mes, hace 1 año",
    "fr": "à l\u2019instant, il y a 1 minute, il y a 1 heure, hier, avant-hier, il y a 1 semaine, il y a 1 mois, "
    "il y a 1 an",
}
OF_EACH = [
    "2026-11-30T12:05:00Z",
    "2026-11-30T11:59:00Z",
    "2026-11-30T11:00:24Z",
    "2026-11-29T11:00:00Z",
    "2026-11-28T11:00:00Z",
    "2026-11-23T11:00:00Z",
    "2026-10-30T12:00:00Z",
    "2025-11-30T12:00:00Z",
]


async def open_in(chromium: Browser, wall: Wall, zone: str) -> Page:
    context = await chromium.new_context(timezone_id=zone)
    page = await context.new_page()
    await page.goto(wall.page)
    await page.wait_for_selector("html[data-live=stream]")
    return page


async def read(page: Page, now: str, *times: str) -> Any:
    return [text.replace("\xa0", " ") for text in await page.evaluate(READ, [now, times])]


async def test_times_are_told_as_a_person_would(wall: Wall, queue_pages: QueuePages, chromium: Browser) -> None:
    page = await open_in(chromium, wall, "UTC")
    assert dict(zip(TABLE, await read(page, NOW, *TABLE), strict=True)) == TABLE
    for language, sentences in LANGUAGES.items():
        await queue_pages.arrange(language=language)
        wall.post("Bob", "A page that was made before is of no use any more")
        page = await open_in(chromium, wall, "UTC")
        assert ", ".join(await read(page, NOW, *OF_EACH)) == sentences
    await queue_pages.arrange(language="en")
    wall.post("Bob", "As above")
    for zone, now, written, said in ZONES:
        page = await open_in(chromium, wall, zone)
        assert await read(page, now, written) == [said], (zone, now, written)
