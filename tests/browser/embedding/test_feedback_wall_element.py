"""`<feedback-wall>` and the line of script: what they follow, what they say to their host, what stands in for them."""

import asyncio

from playwright.async_api import ConsoleMessage, Page, Route, expect

from ..host_pages import Publish, address, frame_of
from ..queue_pages import QueuePages
from ..served_wall import Wall

HEARD = (
    "<script>self.heard=[];for(const name of ['ready','posted','resize','failed'])"
    "addEventListener(`feedback-wall:${{name}}`,({{target,detail}})=>"
    "heard.push([name,target.localName,detail.wall,detail.id??null]))</script>"
)
LOADER = '<script src="{0}/embed.js" async></script>'
ELEMENT = LOADER + '<feedback-wall wall="main"></feedback-wall>'
SCRIPT = '<script src="{0}/embed.js" data-wall="main" async></script>'
GONE = '<script src="{0}/embed.js" data-wall="none" async></script>'
INSIDE = "<p>Until then: <b>wait</b></p>"


def names(heard: list[list[object]]) -> set[object]:
    return {each[0] for each in heard}


async def test_theme_and_accent_change_around_what_is_typed(wall: Wall, page: Page, host: Publish) -> None:
    wall.post("Bob", "Hello")
    for html, attribute in ((ELEMENT, ""), (SCRIPT, "data-")):
        await page.goto(host(html.format(address(wall))))
        inside = page.frame_locator("iframe")
        await inside.locator("html[data-live=stream]").wait_for()
        await inside.locator("#composer-text").fill("Half a")
        it = page.locator("feedback-wall" if html is ELEMENT else "script[data-wall]")
        for theme, accent, seed in (("dark", "#0a7d55", "#0a7d55"), ("light", "#a00", "#aa0000")):
            await it.evaluate(f"each => each.setAttribute('{attribute}accent', '{accent}')")
            await it.evaluate(f"each => each.setAttribute('{attribute}theme', '{theme}')")
            await inside.locator(f"html[data-theme={theme}]").wait_for()
            own = "getComputedStyle(document.documentElement).getPropertyValue('--accent-seed').trim()"
            await frame_of(page, wall).wait_for_function(f"() => {own} === '{seed}'")
        await it.evaluate(f"each => each.removeAttribute('{attribute}theme')")
        await inside.locator("html[data-theme=auto]").wait_for()
        await expect(inside.locator("#composer-text")).to_have_value("Half a")
        await inside.locator("#composer-text").fill("Half a sentence")


async def test_another_wall_limit_or_form_is_another_frame(wall: Wall, page: Page, host: Publish) -> None:
    wall.run("wall", "add", "second", "--title", "Second")
    for each in range(3):
        wall.post("Bob", f"Entry {each}")
    await page.goto(host(ELEMENT.format(address(wall))))
    inside, it = page.frame_locator("iframe"), page.locator("feedback-wall")
    await expect(inside.locator("article")).to_have_count(3)
    before = await page.evaluate("history.length")
    await it.evaluate("each => { each.setAttribute('limit', '1'); each.setAttribute('form', 'off'); }")
    await expect(inside.locator("article")).to_have_count(1)
    await expect(inside.locator("#composer")).to_have_count(0)
    await it.evaluate("each => { each.removeAttribute('form'); each.setAttribute('wall', 'second'); }")
    await expect(inside.locator("h1")).to_have_text("Second")
    await expect(page.locator("iframe")).to_have_count(1)
    await it.evaluate("each => document.body.append(each.cloneNode(true), each)")
    await expect(page.locator("iframe")).to_have_count(2)
    for each in range(2):
        await expect(page.frame_locator("iframe").nth(each).locator("h1")).to_have_text("Second")
    assert await page.evaluate("history.length") == before


async def test_a_host_hears_what_becomes_of_its_wall(
    wall: Wall, page: Page, host: Publish, queue_pages: QueuePages
) -> None:
    for html, target, hold in ((ELEMENT, "feedback-wall", "none"), (SCRIPT, "iframe", "none"), (ELEMENT, "", "all")):
        if hold == "all":
            await queue_pages.arrange(hold=hold, version=9)
        await page.goto(host((HEARD + html).format(address(wall))))
        inside = page.frame_locator("iframe")
        await inside.locator("html[data-live=stream]").wait_for()
        await inside.locator("#composer-name").fill("Ann")
        await inside.locator("#composer-text").fill("From afar")
        await inside.locator("#composer-send").click()
        await page.wait_for_function("heard.some(([name]) => name === 'posted')")
        heard = await page.evaluate("heard")
        assert names(heard) == {"ready", "resize", "posted"}
        number = (await inside.locator("article").first.get_attribute("id") or "").removeprefix("feedback-")
        told = [each[3] for each in heard if each[0] == "posted"]
        if hold == "all":
            assert told == [None], "Nobody but the author hears of what waits."
        else:
            assert {(each[1], each[2]) for each in heard} == {(target, "main")}
            assert told == [int(number)]


async def test_what_stands_inside_is_seen_until_the_wall_is_there_and_where_it_is_not(
    wall: Wall, page: Page, host: Publish, queue_pages: QueuePages
) -> None:
    link = f'<a href="{address(wall)}/walls/main">Feedback</a>'
    filled = LOADER + f'<feedback-wall wall="main">{INSIDE}</feedback-wall>' + HEARD
    is_seen = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_seen.wait()
        await route.continue_()

    await page.route("**/frame", hold)
    await page.goto(host(filled.format(address(wall))), wait_until="commit")
    await page.locator("feedback-wall iframe").wait_for(state="attached")
    await expect(page.locator("feedback-wall b")).to_be_visible()
    is_seen.set()
    await page.frame_locator("iframe").locator("html.fit").wait_for()
    await expect(page.locator("feedback-wall b")).to_be_hidden()

    # Nothing there, a site that is not on the list, and a server that does not answer.
    await page.goto(host(filled.replace("main", "none").format(address(wall))))
    await page.wait_for_function("heard.some(([name]) => name === 'failed')")
    await expect(page.locator("feedback-wall b")).to_be_visible()
    await expect(page.locator("iframe")).not_to_be_visible()
    await queue_pages.arrange(embedders="https://elsewhere.example", version=1)
    await page.goto(host((SCRIPT + link + HEARD).format(address(wall))))
    await page.wait_for_function("heard.some(([name]) => name === 'failed')")
    await expect(page.get_by_role("link", name="Feedback")).to_be_visible()
    assert await page.evaluate("document.body.scrollHeight") < 200
    await queue_pages.arrange(embedders="*", version=2)
    await page.route("**/frame", lambda route: route.abort())
    await page.goto(host((f'<html lang="de-AT">{ELEMENT}{HEARD}').format(address(wall))))
    await page.wait_for_function("heard.some(([name]) => name === 'failed')")
    await expect(page.get_by_text("Diese Wand kann hier nicht gezeigt werden.")).to_be_visible()
    assert await page.get_by_role("link").get_attribute("href") == f"{address(wall)}/walls/main"


async def test_a_bare_frame_of_a_wall_that_is_not_there_is_a_sentence(wall: Wall, page: Page, host: Publish) -> None:
    await page.goto(host(f'<iframe src="{address(wall)}/walls/none/frame"></iframe>'))
    inside = page.frame_locator("iframe")
    await expect(inside.get_by_text("This wall cannot be shown here.")).to_be_visible()
    assert await inside.get_by_role("link").get_attribute("href") == "/walls/none"


async def test_who_names_no_wall_any_more_has_none_until_they_name_one(wall: Wall, page: Page, host: Publish) -> None:
    """The console of the page around says nothing of frames that go."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    link = '<a href="{0}/walls/main">Feedback</a>'
    element = LOADER + f'<feedback-wall wall="main">{link}</feedback-wall>'
    frames, spare = page.locator("iframe"), page.locator("a")
    for html, attribute in (
        (element, "wall"),
        (SCRIPT + link, "data-wall"),
        (SCRIPT.replace("async", "") + link, "data-wall"),
    ):
        await page.goto(host(html.format(address(wall))))
        it = page.locator("feedback-wall" if attribute == "wall" else "script[src]")
        for change in (f"each.removeAttribute('{attribute}')", f"each.setAttribute('{attribute}', '')"):
            await page.frame_locator("iframe").locator("html.fit[data-live=stream]").wait_for()
            await expect(spare).to_be_hidden()
            await it.evaluate(f"each => {{ {change} }}")
            await expect(frames).to_have_count(0)
            await expect(spare).to_be_visible()
            await it.evaluate(f"each => {{ each.setAttribute('{attribute}', 'main'); }}")
    assert said == []


async def test_the_script_makes_one_wall_however_it_is_run(wall: Wall, page: Page, host: Publish) -> None:
    again = """{
      const kept = document.querySelector('main').cloneNode(true);
      document.querySelector('main').replaceWith(kept);
      for (const old of kept.querySelectorAll('script')) {
        const fresh = document.createElement('script');
        for (const {name, value} of old.attributes) fresh.setAttribute(name, value);
        fresh.onload = () => { self.runs = (self.runs ?? 0) + 1; };
        old.replaceWith(fresh);
      }
    }"""
    await page.add_init_script(
        "const add = EventTarget.prototype.addEventListener; self.listeners = 0;"
        "EventTarget.prototype.addEventListener = function (name, ...more) {"
        " if (name === 'message' && this === self) self.listeners++;"
        " return add.call(this, name, ...more); };"
    )
    for inside in (SCRIPT, SCRIPT + '<a href="{0}/walls/main">Feedback</a>', "<p>" + SCRIPT + "</p>"):
        await page.goto(host(f"<main>{inside}</main>".format(address(wall))))
        await page.frame_locator("iframe").locator("html.fit").wait_for()
        for run in (1, 2, 3):
            await page.evaluate(again)
            await page.wait_for_function(f"self.runs === {run}")
            await page.frame_locator("iframe").locator("html.fit").wait_for()
        await expect(page.locator("iframe")).to_have_count(1)
        assert await page.evaluate("listeners") == 1

    # As an effect does that is run twice.
    await page.evaluate("document.querySelector('script[data-wall]').remove()")
    await page.evaluate(
        "([src]) => { const script = document.createElement('script');"
        " Object.assign(script, {src, onload: () => { self.ran = 1; }});"
        " script.dataset.wall = 'main'; document.querySelector('iframe').parentNode.append(script); }",
        [f"{address(wall)}/embed.js"],
    )
    await page.wait_for_function("self.ran")
    await expect(page.locator("iframe")).to_have_count(1)


async def test_the_script_works_wherever_it_stands_and_says_nothing_in_the_console(
    wall: Wall, page: Page, host: Publish
) -> None:
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", note)
    strict = {
        "Content-Security-Policy": f"default-src 'none'; script-src {address(wall)}; frame-src {address(wall)}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    }
    isolated = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
    hosts: dict[str, tuple[str, dict[str, str]]] = {
        "head": (f"<head>{SCRIPT}</head>", {}),
        "module": (SCRIPT.replace("async", 'type="module"'), {}),
        "import": (
            '<feedback-wall wall="main"></feedback-wall><script type="module">import("{0}/embed.js")</script>',
            {},
        ),
        "two walls": (SCRIPT + SCRIPT, {}),
        "strict": (SCRIPT, strict),
        "strict element": (ELEMENT, strict),
        "isolated": (SCRIPT, isolated),
        "isolated without credentials": (ELEMENT, {**isolated, "Cross-Origin-Embedder-Policy": "credentialless"}),
    }
    for name, (html, headers) in hosts.items():
        body = html.format(address(wall)).replace("<style>", "")
        where = host(body, headers)
        if "isolated" in name:  # Only a host that counts as secure can be.
            where = host(html.format(wall.url), headers).replace("host.test", "localhost")
        await page.goto(where)
        frames = page.locator("iframe")
        await expect(frames).to_have_count(2 if name == "two walls" else 1)
        for each in range(await frames.count()):
            await page.frame_locator("iframe").nth(each).locator("html.fit").wait_for()
        if "isolated" in name:
            assert await page.evaluate("crossOriginIsolated")
        assert await frames.first.evaluate("each => each.getBoundingClientRect().height") > 300, name
        assert await page.locator("head iframe").count() == 0
    assert [each for each in said if "style" not in each] == []


async def test_a_file_may_show_a_wall_that_any_site_may_show(wall: Wall, page: Page, host: Publish, tmp_path) -> None:
    (tmp_path / "page.html").write_text(SCRIPT.format(address(wall)))
    await page.goto((tmp_path / "page.html").as_uri())
    await page.frame_locator("iframe").locator("html.fit").wait_for()


async def test_a_wall_stands_on_the_ground_of_its_host(wall: Wall, page: Page, host: Publish) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    nothing = "rgba(0, 0, 0, 0)"
    dark = "<style>body{{background:oklch(20% .03 250);color:#eee}}</style>"
    for html, theme, scheme, is_bare in (
        (SCRIPT, "auto", "light", True),
        (dark + SCRIPT, "auto", "dark", True),
        (dark + ELEMENT, "auto", "dark", True),
        ("<style>:root{{color-scheme:dark}}</style>" + SCRIPT, "auto", "dark", True),
        (dark + SCRIPT.replace("async", 'data-theme="light"'), "light", "light", False),
        (SCRIPT.replace("async", 'data-theme="dark"'), "dark", "dark", False),
    ):
        await page.goto(host(html.format(address(wall))))
        await page.frame_locator("iframe").locator(f"html.fit[data-theme={theme}][data-ground]").wait_for()
        frame = frame_of(page, wall)
        await frame.wait_for_function(f"() => getComputedStyle(document.documentElement).colorScheme === '{scheme}'")
        assert (await frame.evaluate(ground) == nothing) is is_bare, html
    await page.goto(host(SCRIPT.format(address(wall))))
    await page.frame_locator("iframe").locator("html[data-ground=light]").wait_for()
    frame = frame_of(page, wall)
    title = await frame.locator("h1").bounding_box()
    below = await page.locator("p").first.bounding_box()
    assert title is not None
    assert below is not None
    assert title["x"] == below["x"]
    await page.evaluate("document.body.style.background = '#111'")
    await frame.wait_for_selector("html[data-ground=dark]")
