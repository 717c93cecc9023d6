"""The form when something goes wrong: it always says so, keeps the words, and says one thing at a time."""

import re
from functools import partial

from playwright.async_api import BrowserContext, Page, Route, expect

from ..queue_pages import QueuePages
from ..served_wall import Wall
from ..wall_pages import LIVE, open_live, write

NOTICE, THANKS = "#notice .notice", ".composer__thanks"
POST = re.compile(r"/walls/main/feedback(\?view=frame.*)?$")
LAZY = re.compile(r"/lazy\.")


async def test_a_post_without_a_connection_says_so_also_where_the_form_was_never_touched(
    wall: Wall, page: Page, context: BrowserContext
) -> None:
    """What says so, and what keeps the words, is there before the connection goes."""
    await open_live(page, wall)
    await context.set_offline(True)
    await write(page, "Ann", "Written in a tunnel")
    await expect(page.locator(NOTICE)).to_contain_text("You are offline")
    await expect(page.locator("#composer-text")).to_have_value("Written in a tunnel")
    await expect(page.locator("#composer-text")).to_be_editable()

    await context.set_offline(False)
    await expect(page.locator(NOTICE)).to_have_count(0)
    await page.click("#composer-send")
    await expect(page.locator(THANKS)).to_contain_text("Thank you, Ann")


async def test_what_is_fetched_later_is_fetched_again_after_it_failed(wall: Wall, page: Page) -> None:
    tries = 0

    async def fail_twice(route: Route) -> None:
        nonlocal tries
        tries += 1
        await (route.abort() if tries <= 2 else route.continue_())

    await page.route(LAZY, fail_twice)
    await open_live(page, wall)
    for field in ("#composer-name", "#composer-text", "#composer-name"):
        async with page.expect_request(LAZY):
            await page.focus(field)
        await page.wait_for_timeout(50)
    await page.fill("#composer-text", "x" * 1999)
    await expect(page.locator("text-counter")).to_have_text("1 left")
    assert tries == 3


async def test_what_was_arranged_is_taken_over_by_a_later_try(wall: Wall, page: Page) -> None:
    """The script that does it could not be fetched; the page asks again by itself, ten seconds later."""
    await page.add_init_script(
        "const wait = setTimeout; setTimeout = (act, time) => wait(act, time === 1e4 ? 9 : time)"
    )
    await page.route(LAZY, lambda route: route.abort(), times=2)
    await open_live(page, wall)
    await page.evaluate("document.title = 'Before'; document.dispatchEvent(new Event('arrange'))")
    await expect(page).not_to_have_title("Before")


async def test_a_post_that_nobody_answers_has_failed_after_a_while(wall: Wall, page: Page) -> None:
    """A phone does not notice each connection that is gone; the same post, sent again, is one entry."""
    await page.add_init_script(
        "let seen = 0; const wait = setTimeout;"
        " setTimeout = (act, time) => wait(act, time === 2e4 && !seen++ ? 99 : time)"
    )
    await open_live(page, wall)
    unanswered: list[Route] = []
    await page.route(POST, lambda route: unanswered.append(route), times=1)
    await write(page, "Ann", "Into the void")
    await expect(page.locator(NOTICE)).to_contain_text("Your words are still here")
    await expect(page.locator("#composer-text")).to_be_editable()
    for route in unanswered:
        await route.abort()
    await page.click("#composer-send")
    await expect(page.locator(THANKS)).to_be_visible()


ALIEN = [
    (500, "<p>broken</p>"),
    (503, "Service Unavailable"),
    (403, "<html><body><h1>Blocked by a firewall</h1></body></html>"),
    (429, ""),
    (404, "<!doctype html><title>404</title>"),
    (200, "<html><body><form id=login>Welcome to our hotel</form></body></html>"),
    (200, '{"error": "no HTML at all"}'),
    (201, "<!DOCTYPE html><html><body>Go on: <hx-partial hx-target='#notice'>x</hx-partial></body></html>"),
    (422, "<html><body>Refused by a filter</body></html>"),
    (429, "<!-- a filter --><body>Too many requests</body>"),
]


async def test_an_answer_that_is_not_ours_never_takes_the_place_of_the_form(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    for status, body in ALIEN:
        await page.evaluate("document.getElementById('notice').replaceChildren()")
        answer = partial(Route.fulfill, status=status, body=body, content_type="text/html")
        await page.route(POST, lambda route, _, answer=answer: answer(route))  # type: ignore[misc]
        await write(page, "Ann", f"Not lost {status}")
        await expect(page.locator(NOTICE)).to_contain_text("Your words are still here")
        await expect(page.locator("#composer-text")).to_have_value(f"Not lost {status}")
        await expect(page.locator("#composer-text")).to_be_editable()
        await page.unroute(POST)
    await page.click("#composer-send")
    await expect(page.locator(THANKS)).to_be_visible()


async def strip_htmx(route: Route) -> None:
    """A proxy that passes on only the headers that it knows."""
    headers = {name: value for name, value in route.request.headers.items() if not name.startswith("hx-")}
    await route.continue_(headers=headers)


async def test_of_a_whole_page_of_ours_only_the_form_is_taken(wall: Wall, page: Page) -> None:
    await page.route(POST, strip_htmx)
    for address in (wall.page, f"{wall.page}/frame?theme=dark"):
        await page.goto(address)
        await page.wait_for_selector(LIVE)
        await write(page, "", "No name yet")
        await expect(page.locator(".field__fault")).to_have_count(1)
        await expect(page.locator("#composer-text")).to_have_value("No name yet")
        await page.fill("#composer-name", "Ann")
        await page.click("#composer-send")
        await expect(page.locator(THANKS)).to_contain_text("Your post is on the wall.")
        await expect(page.locator("#composer-text")).to_have_value("")
        await expect(page.locator("#feedback .feedback__text").first).to_have_text("No name yet")
        for once in ("#composer", "main", "#feedback", "#stream"):
            await expect(page.locator(once)).to_have_count(1)


async def test_a_whole_page_that_refuses_is_a_form_that_refuses(wall: Wall, page: Page) -> None:
    whole = await (await page.request.get(wall.page)).text()
    refusal = whole.replace('role="alert">', 'role="alert"><p class="notice">Too often.</p>')
    await page.route(POST, lambda route: route.fulfill(status=429, body=refusal, content_type="text/html"))
    await open_live(page, wall)
    await write(page, "Fast", "Two")
    await expect(page.locator(NOTICE)).to_have_text("Too often.")
    await expect(page.locator("#composer")).to_have_count(1)
    await expect(page.locator("main")).to_have_count(1)


async def test_what_waits_is_shown_to_its_author_also_by_a_whole_page(
    wall: Wall, queue_pages: QueuePages, page: Page
) -> None:
    await queue_pages.arrange(hold="all")
    await page.route(POST, strip_htmx)
    await open_live(page, wall)
    await write(page, "Ann", "Waits")
    await expect(page.locator(THANKS)).to_contain_text("A moderator will review your post")
    await expect(page.locator("#feedback [data-waiting] .feedback__text")).to_have_text(["Waits"])
    await page.reload()
    await expect(page.locator("#feedback [data-waiting] .feedback__text")).to_have_text(["Waits"])


async def test_a_page_of_a_hotel_does_not_take_the_place_of_older_feedback(wall: Wall, page: Page) -> None:
    for each in range(40):
        wall.post("Bob", f"Entry {each}")
    await open_live(page, wall)
    hotel = "<html><body><h1>Welcome to our hotel</h1></body></html>"
    older = re.compile(r"/walls/main/feedback\?before=")
    await page.route(older, lambda route: route.fulfill(status=200, body=hotel, content_type="text/html"))
    async with page.expect_response(older):
        await page.evaluate("htmx.trigger('#older a', 'click')")
    await page.unroute(older)
    await expect(page.locator("#older")).to_have_count(1)
    await expect(page.locator("#feedback h1")).to_have_count(0)
    await page.evaluate("htmx.trigger('#older a', 'click')")
    await expect(page.locator("#feedback article")).to_have_count(40)


async def test_an_answer_whose_end_is_lost_is_a_failure_too(wall: Wall, page: Page) -> None:
    """The head has arrived, and says that all is well."""
    await page.add_init_script(
        "const text = Response.prototype.text; self.lose = 0; Response.prototype.text = function () {"
        " return this.status === 201 && lose-- > 0 ? Promise.reject(new TypeError('network')) : text.call(this); }"
    )
    await open_live(page, wall)
    await page.evaluate("lose = 1")
    await write(page, "Ann", "Once")
    await expect(page.locator(NOTICE)).to_contain_text("Your words are still here")
    await page.click("#composer-send")
    await expect(page.locator(THANKS)).to_be_visible()
    await expect(page.locator("#feedback .feedback__text")).to_have_text(["Once"])


async def test_who_is_refused_is_not_thanked_as_well(wall_with: type[Wall], page: Page) -> None:
    wall = wall_with(FEEDBACK_POST_LIMIT="1/minute", FEEDBACK_DEFENCES="on")
    await open_live(page, wall)
    await write(page, "Fast", "One")
    await page.wait_for_selector(THANKS)
    await page.evaluate(
        "self.both = false; new MutationObserver(() => { both ||= document.querySelector('.composer__thanks') &&"
        " document.querySelector('#notice .notice'); }).observe(document.body, {childList: true, subtree: true})"
    )
    await page.evaluate("document.getElementById('composer-name').value = 'Fast'")
    await page.evaluate("document.getElementById('composer-text').value = 'Two'")
    await page.click("#composer-send")
    await expect(page.locator(NOTICE)).to_be_visible()
    await expect(page.locator(THANKS)).to_have_count(0)
    await expect(page.locator("#composer-text")).to_have_value("Two")


async def test_thanks_go_when_somebody_writes_on(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await write(page, "Ann", "One")
    await page.wait_for_selector(THANKS)
    await page.type("#composer-text", "T")
    await expect(page.locator(THANKS)).to_have_count(0)


async def test_a_fault_goes_when_the_field_is_changed_and_the_others_stay(wall: Wall, page: Page) -> None:
    await open_live(page, wall)
    await page.click("#composer-send")
    await expect(page.locator(".field__fault")).to_have_count(2)
    await page.type("#composer-name", "A")
    await expect(page.locator(".field__fault")).to_have_count(1)
    name, text = page.locator("#composer-name"), page.locator("#composer-text")
    await expect(name).not_to_have_attribute("aria-invalid", "true")
    assert await name.get_attribute("aria-describedby") is None
    await expect(text).to_have_attribute("aria-invalid", "true")
    await page.type("#composer-text", "B")
    await expect(page.locator(".field__fault")).to_have_count(0)
    await expect(text).to_have_value("B")


async def test_what_an_address_says_once_is_not_said_again(wall: Wall, page: Page, context: BrowserContext) -> None:
    number = wall.post("Ann", "Hello")
    await page.goto(f"{wall.page}?thanks={number}#feedback-{number}")
    await expect(page.locator(THANKS)).to_contain_text("Your post is on the wall.")
    await expect(page.locator(THANKS)).not_to_contain_text("Ann")
    await page.wait_for_selector("html[data-live]")
    assert page.url == f"{wall.page}#feedback-{number}"
    await page.reload()
    await expect(page.locator(THANKS)).to_have_count(0)

    await page.goto(f"{wall.page}/frame?theme=dark&thanks={number}&limit=5")
    await page.wait_for_selector("html[data-live]")
    assert page.url == f"{wall.page}/frame?theme=dark&limit=5"
    await page.goto(f"{wall.url}/login?out")
    await expect(page.locator(".notice")).to_have_text("You are logged out.")
    await page.wait_for_function("location.search === ''")


async def test_going_back_keeps_the_words_and_thanks_nobody_again(wall: Wall, page: Page) -> None:
    number = wall.post("Ann", "Hello")
    await page.goto(f"{wall.page}?thanks={number}")
    await page.wait_for_selector("html[data-live]")
    await page.type("#composer-text", "Half a word")
    await page.click(f"#feedback-{number} a")
    await page.wait_for_url("**/feedback/*")
    await page.evaluate("history.back()")
    await expect(page).to_have_url(wall.page)
    await expect(page.locator("#composer-text")).to_have_value("Half a word")
    await expect(page.locator(THANKS)).to_have_count(0)
    assert page.url == wall.page
