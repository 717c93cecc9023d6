"""Logging in and out: cookies, and sessions that end."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from feedback_app.clock import now
from feedback_app.models import LoginSession
from feedback_app.server.retention import Retention

from ..support import OURS, PASSWORD, Browser, Served, employ, log_in, post

ACCOUNT = "/settings/account"


@pytest.fixture
async def ann(wall: Served) -> int:
    return await employ(wall.database, "Ann", main="owner")


@pytest.fixture
async def browser(wall: Served, ann: int) -> AsyncIterator[Browser]:
    async with await Browser.of(wall, ann) as browser:
        yield browser


async def test_a_moderator_logs_in_and_out(wall: Served, ann: int) -> None:
    async with Browser(wall) as browser:
        page = await browser.get("/login")
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        answer = await log_in(browser, "ann")
        assert (answer.status_code, answer.headers["location"]) == (303, "/moderation")
        cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("feedback="))
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert "Domain" not in cookie
        assert (await browser.get(ACCOUNT)).status_code == 200
        assert (await browser.get("/login")).headers["location"] == "/moderation"

        answer = await browser.post("/logout")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?out")
        assert answer.headers["clear-site-data"] == '"cache"'
        assert "feedback" not in browser.cookies
        assert (await browser.get(ACCOUNT)).headers["location"] == "/login?next=%2Fsettings%2Faccount"


async def test_the_token_is_new_at_login_and_an_old_one_is_dead(wall: Served, ann: int) -> None:
    """Fixed before, another one after, dead after the logout, two sessions side by side."""
    async with Browser(wall) as browser, Browser(wall) as other, Browser(wall) as thief:
        browser.cookies.set("feedback", "fixed-by-somebody-else", domain="127.0.0.1")
        await log_in(browser, "Ann")
        first = browser.cookies["feedback"]
        assert first != "fixed-by-somebody-else"
        await log_in(other, "Ann")
        await log_in(browser, "Ann")
        second = browser.cookies["feedback"]
        for token, status in ((first, 303), (second, 200), (second[:-1], 303), (second + "x", 303), ("", 303)):
            thief.cookies.clear()
            thief.cookies.set("feedback", token, domain="127.0.0.1")
            assert (await thief.get(ACCOUNT)).status_code == status, token

        await browser.post("/logout")
        thief.cookies.clear()
        thief.cookies.set("feedback", second, domain="127.0.0.1")
        assert (await thief.get(ACCOUNT)).status_code == 303
        assert (await other.get(ACCOUNT)).status_code == 200


@pytest.mark.parametrize(
    ("age", "idle", "status"), [(11, 11, 200), (13, 13, 303), (24 * 6, 1, 200), (24 * 7 + 1, 0, 303)]
)
async def test_a_session_ends_when_it_is_idle_or_old(
    wall: Served, browser: Browser, age: int, idle: int, status: int
) -> None:
    times = {"created_at": now() - timedelta(hours=age), "seen_at": now() - timedelta(hours=idle)}
    await wall.database.write(lambda session: session.execute(update(LoginSession).values(times)))
    assert (await browser.get(ACCOUNT)).status_code == status


async def test_use_is_written_down_now_and_then_only(wall: Served, browser: Browser) -> None:
    async def seen() -> timedelta:
        async with wall.database.reading() as session:
            return now() - (await session.execute(LoginSession.of(1, now()))).scalars().one().seen_at

    for minutes, is_written in ((4, False), (6, True)):
        at = now() - timedelta(minutes=minutes)
        await wall.database.write(lambda session, at=at: session.execute(update(LoginSession).values(seen_at=at)))  # type: ignore[misc]
        await browser.get(ACCOUNT)
        assert (await seen() < timedelta(minutes=1)) == is_written


async def test_what_ends_in_one_process_ends_in_all(serve: Callable[..., Any]) -> None:
    here, there = await serve(), await serve()
    ann = await employ(here.database, "Ann", main="owner")
    async with await Browser.of(here, ann) as browser, Browser(there) as same:
        same.cookies.update(browser.cookies)
        assert (await same.get(ACCOUNT)).status_code == 200
        await browser.post("/logout")
        assert (await same.get(ACCOUNT)).status_code == 303


async def test_over_https_the_cookie_belongs_to_the_host(serve: Callable[..., Any]) -> None:
    wall = await serve(base_url="https://wall.example")
    ann = await employ(wall.database, "Ann", main="owner")
    answer = await log_in(wall.client, "Ann")
    session, device = answer.headers.get_list("set-cookie")
    assert session.startswith("__Host-feedback=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(session.split("; "))
    assert "Domain" not in session
    assert device.startswith("__Secure-feedback-device=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/login"} <= set(device.split("; "))
    assert answer.headers["strict-transport-security"].startswith("max-age=63072000")

    token = session.split("=", 1)[1].split(";")[0]
    for name, status in (("__Host-feedback", 200), ("feedback", 303)):
        got = await wall.client.get(ACCOUNT, headers={"Cookie": f"{name}={token}"})
        assert got.status_code == status, name
    assert ann


async def test_pages_of_moderators_are_not_cached(browser: Browser) -> None:
    for address in ("/login", ACCOUNT, "/settings/walls/main/moderators", "/settings/walls/none/moderators", "/setup"):
        answer = await browser.get(address)
        assert answer.headers["cache-control"] == "no-store", address
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        if answer.status_code != 303:
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "strict-transport-security" not in answer.headers


async def test_a_public_page_neither_sets_nor_reads_a_cookie(wall: Served, browser: Browser) -> None:
    """Public pages are the same for everybody, and cached as such."""
    await post(wall.client)
    for address in (
        "/",
        "/walls/main",
        "/walls/main/frame",
        "/walls/main/embed",
        "/walls/main/feedback",
        "/walls/main/feedback/1",
        "/walls/main/changes?after=0",
        "/walls/main/feed.json",
        "/walls/none",
    ):
        ours, theirs = await browser.get(address), await wall.client.get(address)
        assert "set-cookie" not in ours.headers, address
        assert ours.text == theirs.text, address
        assert ours.headers.get("etag") == theirs.headers.get("etag"), address
        assert "cookie" not in ours.headers.get("vary", "").lower()
    assert "set-cookie" not in (await post(browser)).headers


NOT_OURS = [
    "//evil.example",
    "///evil",
    "/\\evil.example",
    "\\/evil",
    "https:evil",
    "https://evil.example",
    "%2f%2fevil",
    "/\t/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/ /evil.example",
    "javascript:alert(1)",
    "",
    "/" + "x" * 3000,
]


async def test_the_login_leads_to_our_own_pages_only(wall: Served, ann: int) -> None:
    for address in NOT_OURS:
        async with Browser(wall) as browser:
            page = await browser.get("/login", params={"next": address})
            assert 'name="next" value="/moderation"' in page.text, address
            answer = await log_in(browser, "Ann", next=address)
            assert answer.headers["location"] == "/moderation", address
            assert "a=b" not in answer.headers.get("set-cookie", ""), address
            assert (await browser.get("/login", params={"next": address})).headers["location"] == "/moderation", address


async def test_the_login_leads_back_to_where_one_was(wall: Served, ann: int) -> None:
    async with Browser(wall) as browser:
        led = await browser.get("/settings/walls/main/moderators?done=same")
        assert led.status_code == 303
        page = await browser.get(led.headers["location"])
        (address,) = re.findall(r'name="next" value="([^"]*)"', page.text)
        answer = await log_in(browser, "Ann", next=address)
        assert answer.headers["location"] == "/settings/walls/main/moderators?done=same"


DOORS = ["/login", "/logout", ACCOUNT, "/setup", "/settings/walls/main/moderators"]
FROM_ELSEWHERE = [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]


async def test_nobody_is_logged_in_or_out_by_another_site(browser: Browser) -> None:
    for address in DOORS:
        for headers in FROM_ELSEWHERE:
            if "Origin" in headers:
                del browser.headers["Sec-Fetch-Site"]
            answer = await browser.post(address, data={"name": "Ann", "password": PASSWORD}, headers=headers)
            assert answer.status_code == 403, (address, headers)
            assert "set-cookie" not in answer.headers, (address, headers)
            browser.headers.update(OURS)
            assert (await browser.get(ACCOUNT)).status_code == 200, (address, headers)


async def test_a_changed_password_ends_every_other_session(wall: Served, browser: Browser, ann: int) -> None:
    new = {"password": "another four words", "password_again": "another four words"}
    async with await Browser.of(wall, ann) as other:
        before = browser.cookies["feedback"]
        for wrong in (
            {**new, "old_password": "wrong"},
            {**new, "old_password": ""},
            {**new, "old_password": PASSWORD, "password_again": "x"},
            {"old_password": PASSWORD, "password": "short", "password_again": "short"},
        ):
            answer = await browser.post(ACCOUNT, data=wrong)
            assert (answer.status_code, "aria-invalid" in answer.text) == (422, True)
            assert PASSWORD not in answer.text
        assert (await other.get(ACCOUNT)).status_code == 200

        answer = await browser.post(ACCOUNT, data={**new, "old_password": PASSWORD})
        assert answer.status_code == 303
        assert browser.cookies["feedback"] != before
        assert "logged out everywhere else" in (await browser.get(answer.headers["location"])).text
        assert (await other.get(ACCOUNT)).status_code == 303
    async with Browser(wall) as anew:
        assert (await log_in(anew, "Ann")).status_code == 401
        assert (await log_in(anew, "Ann", "another four words")).status_code == 303


async def test_one_logs_out_everywhere_else(wall: Served, browser: Browser, ann: int) -> None:
    async with await Browser.of(wall, ann) as other:
        assert "Another browser" in (await browser.get(ACCOUNT)).text
        answer = await browser.post(f"{ACCOUNT}/logins")
        assert "Another browser" not in (await browser.get(answer.headers["location"])).text
        assert (await other.get(ACCOUNT)).status_code == 303


@pytest.mark.sqlite
async def test_nothing_on_the_disk_gives_away_a_password_a_session_or_an_address(wall: Served, ann: int) -> None:
    async with Browser(wall) as browser:
        await log_in(browser, "Ann", "a wrong one that is long")
        await log_in(browser, "Ann")
        secrets = [PASSWORD, "a wrong one that is long", browser.cookies["feedback"], "127.0.0.1"]
    assert wall.database.file is not None
    stored = b"".join(path.read_bytes() for path in wall.database.file.parent.glob("feedback.sqlite3*"))
    assert b"$argon2id$v=19$m=47104,t=2,p=1$" in stored
    assert [secret for secret in secrets if secret.encode() in stored] == []


async def test_sessions_that_have_ended_by_themselves_are_thrown_away(wall: Served, browser: Browser) -> None:
    purge = Retention(wall.database, undo_days=7, keep_days=30)
    left = []
    for hours in (11, 13):
        at = now() - timedelta(hours=hours)
        await wall.database.write(lambda session, at=at: session.execute(update(LoginSession).values(seen_at=at)))  # type: ignore[misc]
        await purge.purge()
        async with wall.database.reading() as session:
            left.append(len((await session.scalars(select(LoginSession.id))).all()))
    assert left == [1, 0]
