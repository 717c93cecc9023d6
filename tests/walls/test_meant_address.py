"""Addresses as people type them from a slide, and as sentences and other programs hand them on."""

import httpx
import pytest

from ..support import HTMX, Browser, Reader, Served, post, stamp, until, words

MEANT = {
    "/walls/main/": "/walls/main",
    "/walls/main///": "/walls/main",
    "//walls//main": "/walls/main",
    "/walls/main.": "/walls/main",
    "/walls/main,": "/walls/main",
    "/walls/main).": "/walls/main",
    "/walls/main%E2%80%9D": "/walls/main",
    "/walls/main%E3%80%82": "/walls/main",
    "/walls/main%20": "/walls/main",
    "/walls/main%0A": "/walls/main",
    "/walls/main%E2%80%8B": "/walls/main",
    "/walls/main*": "/walls/main",
    "/walls/Main": "/walls/main",
    "/Walls/main": "/walls/main",
    "/WALLS/MAIN/": "/walls/main",
    "/walls/main%2F": "/walls/main",
    "/walls%5Cmain": "/walls/main",
    "/walls/%4Dain": "/walls/main",
    "/walls/main%3Fbefore=5": "/walls/main?before=5",
    "/walls/main%23latest": "/walls/main",
    "/walls/main/?before=5&x=%2e": "/walls/main?before=5&x=%2e",
    "/walls/Main/Frame/?theme=dark": "/walls/main/frame?theme=dark",
    "/walls/main/feedback/1/": "/walls/main/feedback/1",
    "/walls/main/feedback/1).": "/walls/main/feedback/1",
    "/walls/Main/feed.Atom": "/walls/main/feed.atom",
    "/walls/main/feed.json/": "/walls/main/feed.json",
    "/walls/main/live/?after=0": "/walls/main/live?after=0",
    "/walls/Main/live": "/walls/main/live",
    "/walls/main/embed,": "/walls/main/embed",
    "/walls": "/",
    "/walls/": "/",
    "/Walls.": "/",
    "/login/": "/login",
    "/Moderation/": "/moderation",
    "/walls/main/moderation/": "/walls/main/moderation",
}
NUMBERS = {
    "/walls/main?before=12).": "/walls/main?before=12",
    "/walls/main?before=12,": "/walls/main?before=12",
    "/walls/main?before=12/": "/walls/main?before=12",
    "/walls/main?before=12%20": "/walls/main?before=12",
    "/walls/main?before=+12": "/walls/main?before=12",
    "/walls/main?before=%2212%22": "/walls/main?before=12",
    "/walls/main?before=12%E2%80%9D": "/walls/main?before=12",
    "/walls/main?before=12%E3%80%82": "/walls/main?before=12",
    "/walls/main?before=12**": "/walls/main?before=12",
    "/walls/main?before=12%E2%80%8B": "/walls/main?before=12",
    "/walls/main?before=12%23latest": "/walls/main?before=12",
    "/walls/main%3Fbefore=12).": "/walls/main?before=12",
    "/walls/Main/?before=12).&x=%2e": "/walls/main?before=12&x=%2e",
    "/walls/main/frame?theme=dark&before=12.": "/walls/main/frame?theme=dark&before=12",
    "/walls/main/feedback?view=frame&before=12!": "/walls/main/feedback?view=frame&before=12",
    "/walls/main/feed.json?before=12).": "/walls/main/feed.json?before=12",
}
NOWHERE = (
    "/walls/main?before=",
    "/walls/main?before=).",
    "/walls/main?before=x",
    "/walls/main?before=-1",
    "/walls/main?before=12.5",
    "/walls/main?before=12x.",
    "/walls/main?before=" + "9" * 41 + ".",
    "/walls/main?before=" + "." * 60_000 + "x",
    "/walls/none?before=12).",
    "/walls/none/",
    "/walls/None",
    "/walls/main/none/",
    "/walls/main/feedback/999",
    "/walls/main/feedback/x",
    "//evil.example/walls/main",
    "//evil.example",
    "/%2F%2Fevil.example/",
    "/%5C%5Cevil.example/",
    "/walls/main/%2F%2Fevil.example",
    "/walls/..%2F..%2Flogin%00/",
    "/walls/main%0D%0ASet-Cookie:x/",
    "/walls/" + "." * 60_000 + "x",
    "/" + "walls/main/" * 100,
    "/static/none.js/",
)


async def test_an_address_leads_to_what_is_meant(client: httpx.AsyncClient) -> None:
    await post(client)
    for typed, meant in (MEANT | NUMBERS).items():
        for method in ("GET", "HEAD"):
            # As a whole: what begins with two slashes would be another host.
            answer = await client.request(method, f"{client.base_url}{typed}")
            assert (answer.status_code, answer.headers.get("location")) == (301, meant), typed
            assert "no-cache" in answer.headers["cache-control"]


async def test_a_number_that_is_not_needed_to_find_a_page_is_read_as_it_was_meant(wall: Served) -> None:
    for each in range(3):
        await post(wall.client, text=f"Entry {each}")
    for limit in ("2", "2).", "2,", "2%20", "+2", "2%E2%80%9D"):
        assert (await wall.client.get(f"/walls/main/frame?limit={limit}")).text.count("<article") == 2, limit
    for limit in ("-2", "x2", "2x", ")."):
        assert (await wall.client.get(f"/walls/main/frame?limit={limit}")).text.count("<article") == 3, limit
    for thanks in ("3", "3).", "3,", "3%E2%80%9D"):
        assert "composer__thanks" in (await wall.client.get(f"/walls/main?thanks={thanks}")).text, thanks
    for thanks in (").", "3x", "9."):
        assert "composer__thanks" not in (await wall.client.get(f"/walls/main?thanks={thanks}")).text, thanks


async def test_nobody_is_led_elsewhere_or_in_a_circle(client: httpx.AsyncClient) -> None:
    for typed in NOWHERE:
        answer = await client.get(f"{client.base_url}{typed}")
        assert answer.status_code == 404, typed
        assert "location" not in answer.headers


async def test_a_percent_in_place_of_a_letter_is_that_letter(client: httpx.AsyncClient) -> None:
    for typed in ("/walls/%6dain", "/%77alls/main", "/walls%2Fmain"):
        assert (await client.get(typed)).status_code == 200, typed


async def test_a_former_address_is_as_forgiving(wall: Served, owner: Browser) -> None:
    assert (await owner.post("/settings/walls/main/address", data={"slug": "retro"})).status_code == 303
    answer = await wall.client.get("/walls/Main/?before=5", follow_redirects=True)
    assert (answer.status_code, answer.url.raw_path) == (200, b"/walls/retro?before=5")


@pytest.mark.parametrize("address", ["/walls/Main/feedback", "/walls/main/feedback/"])
async def test_what_is_sent_to_such_an_address_arrives(wall: Served, address: str) -> None:
    data = {"name": "Ann", "text": "Sent on", "stamp": await stamp(wall.client)}
    sent = await wall.client.post(address, data=data, headers=HTMX)
    assert (sent.status_code, sent.headers["location"]) == (308, "/walls/main/feedback")
    sent = await wall.client.post(address, data=data, headers=HTMX, follow_redirects=True)
    assert sent.status_code == 201
    assert await words(wall.client) == ["Sent on"]


async def test_a_form_from_another_site_is_sent_nowhere(client: httpx.AsyncClient) -> None:
    answer = await client.post("/walls/main/feedback/", data={"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


async def test_a_url_that_works_is_not_corrected(wall: Served) -> None:
    await post(wall.client, text="Hello")
    async with Reader(wall.port, "0") as reader:
        await until(lambda: reader.versions == [1])
