"""Visitor tokens and rate limits: recognising visitors, and many visitors behind one network address."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from feedback_app.antispam.visitor_token import VisitorTokens
from feedback_app.models import Base, Feedback, Wall

from ..support import HTMX, OURS, Served, add_wall, post, stamp, words
from ..support.moderators import ModeratorClient, arrange, make_wall, moderating
from .visitors import FROM, at, key, known, reasons


async def test_the_same_key_is_the_same_visitor_and_gets_the_same_token(wall: Served) -> None:
    """An answer that is lost does no harm: the key is good for another try."""
    mine = key()
    first, again, other = [await post(wall.client, visitor=each) for each in (mine, mine.upper(), key())]
    token = first.headers["Visitor"]
    assert again.headers["Visitor"] == token != other.headers["Visitor"]
    assert (await post(wall.client, visitor=token)).headers["Visitor"] == token
    plain = await post(wall.client, visitor=token, headers=OURS)
    assert (plain.status_code, plain.headers["Visitor"]) == (303, token)
    async with wall.database.reading() as session:
        authors = list(await session.scalars(select(Feedback.author).order_by(Feedback.id)))
        stored = repr([(await session.execute(select(table))).all() for table in Base.metadata.sorted_tables])
    assert len(set(authors)) == 2
    assert authors[0] == authors[1] == authors[3] == authors[4]
    assert mine not in stored
    assert token not in stored


async def test_each_wall_knows_a_visitor_by_another_pseudonym(wall: Served) -> None:
    await make_wall(wall, "other")
    mine = key()
    fields = {"name": "Ann", "text": "There", "key": "k" * 16, "visitor": mine}
    there = await wall.client.post(
        "/walls/other/feedback", data={**fields, "stamp": await stamp(wall.client, "other")}, headers=HTMX
    )
    here = await post(wall.client, visitor=mine)
    assert here.headers["Visitor"] != there.headers["Visitor"]
    foreign = await post(wall.client, visitor=there.headers["Visitor"])
    assert (foreign.status_code, foreign.headers["Visitor"]) == (201, "")


async def token_of(wall: Served, days: int = 0) -> str:
    """A token that was issued this many days ago."""
    visitors: VisitorTokens = wall.state.visitor_tokens
    async with wall.database.reading() as session:
        found = (await session.scalars(Wall.named("main"))).one()
    return visitors.read(key(), found, datetime.now(UTC) - timedelta(days=days)).token or ""


async def forged(wall: Served) -> dict[str, str]:
    signer = wall.state.keys.signer("visitor")
    name, token = "a" * 32, await token_of(wall)
    head, _, tail = token.rpartition(".")
    return {
        "a word": "me",
        "half a key": key()[:16],
        "too long a key": key() + "0",
        "no hexadecimal key": "g" * 32,
        "cut off": token[:-2],
        "another signature": f"{head}.{tail[::-1]}",
        "other contents": f"{head[:-4]}AAAA.{tail}",
        "nothing signed": f".{tail}",
        "very long": "x" * 5000,
        "control characters": "a\x00b\r\nSet-Cookie: x=1",
        "another script": "\u0661" * 32,
        "lone surrogate": "\udcff",
        "another purpose": wall.state.form_tokens.make(1, datetime.now(UTC)),
        "outdated": await token_of(wall, 31),
        "from the future": await token_of(wall, -2),
        "another wall's": signer.sign([1, name, int(time.time()) // 86_400]),
        "signed, and no list": signer.sign("x"),
        "signed, and too few": signer.sign([1, name]),
        "signed, and no day": signer.sign([1, name, "x"]),
        "signed, and nothing": signer.sign(None),
    }


async def test_a_token_that_is_not_good_counts_as_none_and_is_no_error(serve: Callable[..., Any]) -> None:
    wall: Served = await serve(post_limit="1/hour", address_limit="1000/minute")
    for name, token in (await forged(wall)).items():
        for _ in range(2):
            answer = await post(wall.client, text=name, visitor=token.encode("utf-8", "surrogateescape"))
            assert (answer.status_code, answer.headers["Visitor"]) == (201, ""), name
    none = await post(wall.client)
    assert (none.status_code, "Visitor" in none.headers) == (201, False)


async def test_a_token_is_good_for_thirty_days_and_from_a_clock_that_is_ahead(serve: Callable[..., Any]) -> None:
    wall: Served = await serve(address_limit="1/hour")
    assert (await post(wall.client, text="Uses the allowance up")).status_code == 201
    for days in (30, 1, 0, -1):
        token = await token_of(wall, days)
        answer = await post(wall.client, text=f"{days}", visitor=token)
        assert answer.headers["Visitor"] == token, days
    assert await reasons(wall) == [None] * 5


async def test_a_class_behind_one_address_is_heard(serve: Callable[..., Any]) -> None:
    """With the default limits: thirty pupils, each with a browser of their own, and a second word of each."""
    wall: Served = await serve()
    keys = [key() for _ in range(30)]
    mark = await stamp(wall.client)

    async def say(number: int, visitor: str) -> httpx.Response:
        fields = {"name": f"Pupil {number}", "text": f"{number} {visitor}", "stamp": mark, "visitor": visitor}
        return await wall.client.post("/walls/main/feedback", data={**fields, "key": key()}, headers=HTMX)

    first = await asyncio.gather(*(say(*each) for each in enumerate(keys)))
    again = await asyncio.gather(*(say(each, answer.headers["Visitor"]) for each, answer in enumerate(first)))
    assert Counter(answer.status_code for answer in (*first, *again)) == {201: 60}
    assert await reasons(wall) == [None] * 60


async def test_the_limit_is_one_visitors_and_not_their_neighbours(serve: Callable[..., Any]) -> None:
    wall: Served = await serve(post_limit="2/minute")
    first = key()
    for mine in (first, await known(wall.client, text="One")):
        for text in ("One", "Two"):
            last = await post(wall.client, text=f"{text} {mine}", visitor=mine)
        if mine == first:
            assert last.status_code == 201
        for headers in (HTMX, OURS):
            refused = await post(wall.client, text="Words to keep", visitor=mine, headers=headers)
            assert refused.status_code == 429
            assert 0 < int(refused.headers["Retry-After"]) <= 61
            assert "We kept your text: try again in <count-down" in refused.text
            assert ("Words to keep</textarea>" in refused.text) == (headers == OURS)
        assert (await post(wall.client, visitor=key())).status_code == 201


async def test_newcomers_above_the_allowance_of_their_address_are_held_and_far_above_it_refused(
    serve: Callable[..., Any], engine: str
) -> None:
    wall: Served = await serve(address_limit="2/minute", **FROM)
    mine = await known(wall.client, headers=at("192.0.2.1"))
    async with moderating(wall) as kim:
        answers = [await post(wall.client, text=f"{n}", visitor=key(), headers=at("192.0.2.1")) for n in range(20)]
        assert [each.status_code for each in answers] == [201] * 19 + [429]
        assert ["Visitor" in each.headers for each in answers] == [True] + [False] * 19
        assert await reasons(wall) == [None] * 2 + ["address"] * 18
        assert "data-waiting" in answers[1].text
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
        assert "from your network" in answers[-1].text
        plain = await post(
            wall.client, text="No script, no words lost", headers={**at("192.0.2.1"), **OURS, "HX-Request": ""}
        )
        assert plain.status_code == 429
        assert "No script, no words lost</textarea>" in plain.text
        assert "many new people from one network" in await kim.page()
        # Neither who is known there nor who is new elsewhere has to do with it.
        assert (await post(wall.client, text="Known", visitor=mine, headers=at("192.0.2.1"))).headers["Visitor"] == mine
        assert (await post(wall.client, text="Elsewhere", headers=at("192.0.2.2"))).status_code == 201
        assert await words(wall.client) == ["Elsewhere", "Known", "0", "Hello"]


async def test_an_allowance_is_exact_over_walls_and_servers(serve: Callable[..., Any]) -> None:
    """Two servers, twelve walls, and more parallel posts than the limits allow."""
    servers: list[Served] = [await serve(address_limit="5/minute") for _ in range(2)]
    slugs = [f"wall-{each}" for each in range(12)]
    for slug in slugs:
        await add_wall(servers[0].database, slug)
    marks = {slug: await stamp(servers[0].client, slug) for slug in slugs}

    async def send(number: int) -> None:
        slug = slugs[number % 12]
        fields = {"name": "Ann", "text": f"{number}", "stamp": marks[slug], "key": key(), "visitor": key()}
        server = servers[number // 12 % 2]
        answer = await server.client.post(f"/walls/{slug}/feedback", data=fields, headers=HTMX)
        assert answer.status_code == 201

    await asyncio.gather(*(send(number) for number in range(48)))
    assert Counter(await reasons(servers[0])) == {None: 5, "address": 43}


async def test_a_visitors_limit_is_exact_over_servers(serve: Callable[..., Any]) -> None:
    servers: list[Served] = [await serve(post_limit="5/minute") for _ in range(2)]
    mine, mark = key(), await stamp(servers[0].client)

    async def send(number: int) -> int:
        fields = {"name": "Ann", "text": f"{number}", "stamp": mark, "key": key(), "visitor": mine}
        server = servers[number % 2]
        return (await server.client.post("/walls/main/feedback", data=fields, headers=HTMX)).status_code

    assert Counter(await asyncio.gather(*(send(number) for number in range(24)))) == {201: 5, 429: 19}


async def test_who_is_new_on_a_wall_that_reviews_first_posts_is_known_by_the_token(
    wall: Served, kim: ModeratorClient
) -> None:
    await arrange(wall, hold="first")
    mine, other = await known(wall.client, text="First"), await known(wall.client, text="Other's first")
    await kim.act("publish", 1)
    for visitor in (mine, other, key(), ""):
        await post(wall.client, text=f"By {visitor}", visitor=visitor)
    assert await reasons(wall) == [None, "first", None, "first", "first", "first"]


async def test_another_secret_forgets_nobody(serve: Callable[..., Any]) -> None:
    old, new = "the former secret is long", "the secret in use is long"
    before: Served = await serve(secret_key=old, post_limit="3/hour", address_limit="2/hour")
    mine = key()
    token = (await post(before.client, text="1", visitor=mine)).headers["Visitor"]
    after: Served = await serve(secret_key=new, secret_key_fallbacks=old, post_limit="3/hour", address_limit="2/hour")
    renewed = (await post(after.client, text="2", visitor=token)).headers["Visitor"]
    assert renewed != token
    # The answer was lost, and the key comes again: the allowance of the address goes on, too.
    assert (await post(after.client, text="3", visitor=mine)).status_code == 201
    assert (await post(after.client, text="4", visitor=mine)).status_code == 429
    assert (await post(after.client, text="5", visitor=key())).status_code == 201
    assert await reasons(after) == [None, None, None, "address"]
    last: Served = await serve(secret_key=new, post_limit="3/hour", address_limit="")
    assert (await post(last.client, text="6", visitor=renewed)).headers["Visitor"] == renewed
    assert (await post(last.client, text="7", visitor=token)).headers["Visitor"] == ""


async def test_slow_mode_says_so_beforehand_and_when_one_must_wait(wall: Served) -> None:
    assert 'id="composer-pace"></p>' in (await wall.client.get("/walls/main")).text
    for seconds, hint in ((30, "30 seconds"), (60, "One post a minute"), (300, "every 5 minutes"), (3600, "an hour")):
        await arrange(wall, slow_seconds=seconds, version=seconds)
        page = (await wall.client.get("/walls/main")).text
        found = re.search(r'id="composer-pace">([^<]*)<', page)
        assert found is not None
        assert hint in found.group(1)
    mine = await known(wall.client)
    for headers in (HTMX, OURS):
        refused = await post(wall.client, text="Two", visitor=mine, headers=headers)
        assert refused.status_code == 429
        assert 3590 <= int(refused.headers["Retry-After"]) <= 3601
        assert re.search(r"You can post again in <count-down [^>]*>(1:00:0[01]|59:5\d)</count-down>\.", refused.text)
        assert ("Two</textarea>" in refused.text) == (headers == OURS)
    assert (await post(wall.client, text="Somebody else", visitor=key())).status_code == 201


@pytest.mark.sqlite
async def test_the_wait_is_shown_in_the_language_of_the_wall_and_nothing_in_it_is_markup(wall: Served) -> None:
    await arrange(wall, slow_seconds=300, language="fr", version=1)
    mine = await known(wall.client)
    refused = await post(wall.client, text="<b>Deux</b>", visitor=mine, headers=OURS)
    assert "Vous pourrez publier de nouveau dans <count-down" in refused.text
    assert 'data-over="Vous pouvez de nouveau publier."' in refused.text
    assert "<b>Deux" not in refused.text


@pytest.mark.sqlite
async def test_the_page_is_the_same_for_everybody(wall: Served) -> None:
    before = await wall.client.get("/walls/main")
    token = await known(wall.client)
    after = await wall.client.get("/walls/main", headers={"Visitor": token, "Cookie": f"visitor={token}"})
    assert 'name="visitor" value=""' in before.text
    for page in (before, after):
        assert "set-cookie" not in page.headers
        assert token not in page.text
        assert "Visitor" not in page.headers
    assert after.text == (await wall.client.get("/walls/main")).text


@pytest.mark.sqlite
async def test_what_an_operator_sets_as_the_allowance_is_read_as_the_limit_is(serve: Callable[..., Any]) -> None:
    from feedback_app.config import ConfigurationError, Settings

    assert [each.amount for each in Settings().address_limits] == [60, 600]
    assert Settings(address_limit="").address_limits == []
    assert Settings(post_limit="").address_limits == []
    assert [each.amount for each in Settings(post_limit="", address_limit="7/minute").address_limits] == [7]
    assert Settings(defences=False).address_limits == []
    for wrong in ("x", "0/minute", "5", "5/fortnight"):
        with pytest.raises(ConfigurationError, match="FEEDBACK_ADDRESS_LIMIT must be written like"):
            Settings(address_limit=wrong)
