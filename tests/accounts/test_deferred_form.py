"""The deferred form: a form sent after the session expired travels through the login, and needs another click."""

import re
from html import unescape

import pytest

from ..support import HTMX, PASSWORD, Browser, Served, employ

ACCOUNT = "/settings/account"


@pytest.fixture
async def ann(wall: Served) -> int:
    return await employ(wall.database, "Ann", main="owner")


async def test_what_was_typed_survives_a_session_that_had_ended(wall: Served, ann: int) -> None:
    """The login alone sends nothing: the deferred form needs another click."""
    await employ(wall.database, "Bob & Söhne <b>")
    typed = {"name": "Bob & Söhne <b>", "role": "moderator", "several": ["1", "2"], "password": "not this one"}
    async with Browser(wall) as browser:
        page = await browser.post(
            "/settings/walls/main/moderators", data=typed, headers={"Referer": f"{browser.base_url}/x?y=1"}
        )
        assert page.status_code == 401
        assert "set-cookie" not in page.headers
        assert "not this one" not in page.text
        carried = fields(page.text)
        assert carried["action"] == ["/settings/walls/main/moderators"]

        again = await browser.post("/login", data={**carried, "name": "Ann", "password": PASSWORD})
        assert again.status_code == 200
        assert 'href="/x?y=1"' in again.text
        assert fields(again.text) == {"name": ["Bob & Söhne <b>"], "role": ["moderator"], "several": ["1", "2"]}
        members = await browser.get("/settings/walls/main/moderators")
        assert "Bob &amp; S" not in members.text

        sent = await browser.post(carried["action"][0], data=fields(again.text))
        assert sent.status_code == 303
        assert "Bob &amp; S" in (await browser.get("/settings/walls/main/moderators")).text


async def test_a_wrong_password_keeps_what_was_carried_along(wall: Served, ann: int) -> None:
    async with Browser(wall) as browser:
        page = await browser.post("/settings/walls/main/moderators", data={"name": "Line\r\nline", "role": "owner"})
        for name, password in (("Ann", "wrong"), ("", "")):
            page = await browser.post("/login", data={**fields(page.text), "name": name, "password": password})
            assert fields(page.text)["kept.name"] == ["Line\nline"]


NOT_TO_BE_CARRIED = [
    {"content": b"\xff\xfe", "headers": {"Content-Type": "text/plain"}},
    {"data": {"name": "x" * 60_000}},
    {"data": {f"field{each}": "x" for each in range(3000)}},
    {"data": {"password": "only"}},
    {"content": b"name=%ED%A0%80%00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    {},
]


async def test_what_cannot_be_carried_along_still_leads_to_the_login(wall: Served) -> None:
    for sent in NOT_TO_BE_CARRIED:
        async with Browser(wall) as browser:
            page = await browser.post("/settings/account", **sent)
            assert page.status_code == 401, sent
            assert '<h1 class="door__title">Log in</h1>' in page.text, sent
            assert len(page.content) < 20_000, sent


async def test_a_page_that_htmx_runs_keeps_its_words_itself(wall: Served) -> None:
    for method, address in (("POST", "/settings/account"), ("GET", "/settings/account")):
        answer = await wall.client.request(method, address, headers=HTMX, data={"a": "b"} if method == "POST" else None)
        assert answer.status_code == 401
        assert answer.text.startswith('<hx-partial hx-target="#notice"')
        assert "/login?next=" in answer.text


def fields(page: str) -> dict[str, list[str]]:
    """What the first form of the page with a field in it would send, but for what people fill in."""
    found: dict[str, list[str]] = {}
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    areas = re.findall(r'<textarea name="([^"]*)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    for name, value in (*hidden, *areas):
        found.setdefault(unescape(name), []).append(unescape(value).replace("\r\n", "\n"))
    return found
