"""Posting rules of a wall: held posts, slow mode, blocked authors; and what the author sees."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from feedback_app.models import Feedback
from feedback_app.text.cleaning import has_link

from ..support import HTMX, OURS, Reader, Served, post, until, words
from ..support.moderators import ModeratorClient, arrange, said

VISITOR = "0123456789abcdef" * 2
RECEIPT = re.compile(r'data-waiting="([^"]+)"')


def author_token_of(answer: httpx.Response) -> str:
    found = RECEIPT.search(answer.text)
    assert found is not None, answer.text
    return found.group(1)


async def test_a_wall_that_holds_everything_shows_nothing_before_it_is_published(
    wall: Served, kim: ModeratorClient
) -> None:
    await arrange(wall, hold="all")
    async with Reader(wall.port, "0") as reader:
        answer = await post(wall.client, text="Held words")
        assert answer.status_code == 201
        assert await words(wall.client) == []
        assert "Held words" not in (await wall.client.get("/walls/main")).text
        assert list((await kim.states(show="waiting")).values()) == ["held"]
        await kim.act("publish", 1)
        await until(lambda: reader.news)
        assert reader.versions == [1]
        assert "Held words" in reader.news[0].data
        assert "data-waiting" not in reader.news[0].data
    assert await words(wall.client) == ["Held words"]


async def test_those_who_are_here_for_the_first_time_are_held(wall: Served, kim: ModeratorClient) -> None:
    await arrange(wall, hold="first")
    await post(wall.client, text="First", visitor=VISITOR)
    await post(wall.client, text="Second", visitor=VISITOR)
    assert await words(wall.client) == []
    await kim.act("publish", 1)
    await post(wall.client, text="Third", visitor=VISITOR)
    assert await words(wall.client) == ["Third", "First"]
    assert "first time here" in await kim.page()


LINKS = [
    "See http://example.com",
    "HTTPS://EXAMPLE.COM",
    "look at example.com!",
    "www.example",
    "write to me@example.org",
    "пример.рф",
    "\uff45\uff58\uff41mple\uff0ecom",
    "exa\u200bmple.c\u00adom",
    "example\u3002com",
    "10.0.0.1",
    "ftp:/files",
    "xn--e1afmkfd.xn--p1ai",
]


async def test_what_looks_like_a_link_is_held(wall: Served) -> None:
    await arrange(wall, hold="links")
    await post(wall.client, text="No link")
    for text in LINKS:
        await post(wall.client, text=text)
        await post(wall.client, name=text[:80], text="No link here either")
        assert await words(wall.client) == ["No link"], text


@pytest.mark.parametrize(
    "text",
    ["e.g. this", "3.5 of 5", "Well... ok", "Hello. World", "and/or", "v2.0", "at 10:30", "你好。世界", "a.b.c."],
)
def test_ordinary_words_are_no_link(text: str) -> None:
    assert not has_link(text)


async def test_a_closed_wall_takes_nothing_and_loses_no_word(wall: Served) -> None:
    await arrange(wall, is_closed=True)
    for headers in (HTMX, OURS):
        refused = await wall.client.post(
            "/walls/main/feedback",
            data={"name": "Ann", "text": "Words to keep", "stamp": await token_from_before(wall), "key": "k" * 16},
            headers=headers,
        )
        assert refused.status_code == 403
        assert "takes nothing new" in said(refused)
        assert ("Words to keep" in refused.text) == (headers == OURS)
    assert await words(wall.client) == []


async def token_from_before(wall: Served) -> str:
    """A form token from before the wall was closed; a closed wall's page has no form."""
    from feedback_app.antispam.form_token import FormTokens

    form_tokens: FormTokens = wall.state.form_tokens
    return form_tokens.make(1, datetime.now(UTC))


async def test_in_slow_mode_an_author_has_to_wait(wall: Served) -> None:
    await arrange(wall, slow_seconds=600)
    assert (await post(wall.client, text="One")).status_code == 201
    for headers in (HTMX, OURS):
        refused = await post(wall.client, text="Two", headers=headers)
        assert refused.status_code == 429
        assert 590 <= int(refused.headers["retry-after"]) <= 601
        assert "You can post again in <" in refused.text
        assert re.search(r">(10:0[01]|9:5\d)<", refused.text)
        assert ("Two" in refused.text) == (headers == OURS)

    async def age(session: Any) -> None:
        entry = await session.get_one(Feedback, 1)
        entry.created_at = datetime.now(UTC) - timedelta(seconds=601)

    await wall.database.write(age)
    assert (await post(wall.client, text="Two")).status_code == 201
    assert await words(wall.client) == ["Two", "One"]


async def test_a_post_that_arrives_twice_is_one_in_slow_mode_too(wall: Served) -> None:
    await arrange(wall, slow_seconds=600)
    for _ in range(2):
        assert (await post(wall.client, text="One", key="the-same-key-twice")).status_code == 201
    assert await words(wall.client) == ["One"]


async def test_a_blocked_author_sees_a_message_and_loses_no_text(wall: Served, kim: ModeratorClient) -> None:
    await post(wall.client, text="One", visitor=VISITOR)
    await kim.act("block-author", 1)
    for headers in (HTMX, OURS):
        refused = await post(wall.client, text="Words to keep", visitor=VISITOR, headers=headers)
        assert refused.status_code == 403
        assert "You cannot write on this wall for now" in said(refused)
        assert ("Words to keep" in refused.text) == (headers == OURS)
    await kim.act("unblock-author", 1)
    assert (await post(wall.client, text="Two", visitor=VISITOR)).status_code == 201


async def test_a_name_may_be_optional_or_never_asked_for(wall: Served, kim: ModeratorClient) -> None:
    assert (await post(wall.client, name="")).status_code == 422
    await arrange(wall, names="optional")
    assert (await post(wall.client, name="", text="Nameless")).status_code == 201
    assert (await post(wall.client, name="Ann", text="With a name")).status_code == 201
    await arrange(wall, names="never")
    assert (await post(wall.client, name="Bob", text="Never asked")).status_code == 201
    page = (await wall.client.get("/walls/main")).text
    assert re.findall(r'class="feedback__name"[^>]*>([^<]*)<', page) == ["Anonymous", "Ann", "Anonymous"]
    assert 'name="name"' not in page
    assert "Anonymous" in await kim.page()
    feed = (await wall.client.get("/walls/main/feed.json")).json()
    assert [item["authors"][0]["name"] for item in feed["items"]] == ["Anonymous", "Ann", "Anonymous"]


async def test_the_author_of_a_held_entry_sees_it_marked_as_waiting(wall: Served, kim: ModeratorClient) -> None:
    await arrange(wall, hold="all")
    receipts = []
    for place in ("", "/frame"):
        answer = await wall.client.post(
            f"/walls/main/feedback{'?view=frame' if place else ''}",
            data={
                "name": "Ann",
                "text": f"Mine{place}",
                "stamp": await form_token_of(wall),
                "key": f"key-of-mine{place[1:]}",
            },
            headers=HTMX,
        )
        assert answer.status_code == 201
        receipt = author_token_of(answer)
        assert 'hx-target="#feedback" hx-swap="insert-entries own:true"' in answer.text
        assert "moderator will review" in answer.text
        assert "on the wall</a>" not in answer.text

        again = await wall.client.get("/walls/main/waiting", params={"of": receipt})
        assert again.headers["cache-control"] == "no-store"
        assert again.headers["receipts"] == receipt
        assert f"Mine{place}<" in again.text
        receipts.append(receipt)

        page = await wall.client.get(f"/walls/main{place}", params={"thanks": receipt})
        assert f"Mine{place}<" in page.text
        assert "moderator will review" in page.text
    await kim.act("publish", 1)
    await kim.act("hide", 2)
    now_is = await wall.client.get("/walls/main/waiting", params={"of": receipts})
    assert now_is.headers["receipts"] == ""
    assert "data-waiting=" not in now_is.text
    assert "Mine<" in now_is.text
    assert "Mine/frame" not in now_is.text
    assert '<hx-partial hx-target="#feedback-2[data-waiting]" hx-swap="delete">' in now_is.text
    for receipt, mine, is_shown in zip(receipts, ("Mine<", "Mine/frame<"), (True, False), strict=True):
        page = await wall.client.get("/walls/main", params={"thanks": receipt})
        assert "data-waiting=" not in page.text
        assert "moderator will review" not in page.text
        assert (mine in page.text) == is_shown


async def form_token_of(wall: Served) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', (await wall.client.get("/walls/main")).text)
    assert found is not None
    return found.group(1)


async def test_a_plain_form_leads_to_the_page_where_ones_own_entry_waits(wall: Served) -> None:
    await arrange(wall, hold="all")
    answer = await post(wall.client, text="Mine", headers=OURS)
    assert answer.status_code == 303
    page = await wall.client.get(answer.headers["location"])
    assert "Mine<" in page.text
    assert "moderator will review" in page.text
    assert "Mine" not in (await wall.client.get("/walls/main")).text


FORGED = ["1", "", "x" * 5000, "WzEsMV0.AAAA", "WzEsMV0", "[1,1]", "\u0661", "%00", "null"]


async def test_without_its_author_token_nobody_sees_a_held_entry(wall: Served) -> None:
    await arrange(wall, hold="all")
    answer = await post(wall.client, text="Secret words")
    receipt = author_token_of(answer)
    for forged in FORGED:
        for each in (forged, receipt[:-1], receipt[1:], receipt + "A"):
            found = await wall.client.get("/walls/main/waiting", params={"of": each})
            assert (found.status_code, found.text) == (200, ""), each
            page = await wall.client.get("/walls/main", params={"thanks": each})
            assert page.status_code == 200, each
            assert "Secret words" not in page.text, each


async def test_an_author_token_is_for_its_own_wall(wall: Served) -> None:
    from ..support.moderators import make_wall

    await make_wall(wall, "other", hold="all")
    await arrange(wall, hold="all")
    receipt = author_token_of(await post(wall.client, text="Secret words"))
    assert (await wall.client.get("/walls/other/waiting", params={"of": receipt})).text == ""
