"""The fast path for posts: it answers as Quart does, and leaves everything unusual to Quart."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.datastructures import MultiDict

from feedback_app.clock import now
from feedback_app.models import Wall
from feedback_app.text.cleaning import InvalidText
from feedback_app.walls.posting.form import NAMES, Composer, ValidPost

from ..support import Served, words

HEADERS = {
    "Host": "wall.example",
    "Sec-Fetch-Site": "same-origin",
    "HX-Request": "true",
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept-Encoding": "gzip, deflate, br",
}
FIELDS = {"name": "Ann", "text": "Hello", "website": "", "key": "the-same-key"}
VISITOR = "0123456789abcdef" * 2
LONG = "Größer als es war, 👍🏽\r\nund <b>&amp;</b> " * 30
# Fields that are different, headers that are, and the query.
Sent = tuple[dict[str, str], dict[str, str], str]
ORDINARY: dict[str, Sent] = {
    "from htmx": ({}, {}, ""),
    "without compression": ({}, {"Accept-Encoding": ""}, ""),
    "that wants no brotli": ({}, {"Accept-Encoding": "gzip, br;q=0"}, ""),
    "as fetch() says it": ({}, {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}, ""),
    "without script": ({"key": ""}, {"HX-Request": ""}, ""),
    "of something that only looks like htmx": ({}, {"HX-Request": "TRUE"}, ""),
    "of a visitor": ({"visitor": VISITOR}, {}, ""),
    "of a visitor without script": ({"visitor": VISITOR, "key": ""}, {"HX-Request": ""}, ""),
    "of a visitor who is none": ({"visitor": "no token"}, {}, ""),
    "in a frame": ({}, {}, "view=frame&theme=dark&accent=0a7d55&limit=5"),
    "in a frame, without script": ({}, {"HX-Request": ""}, "view=frame&form=off"),
    "of a moderator": ({}, {"Cookie": "session=token"}, ""),
    "with long words": ({"name": " Ann\tof  Gables", "text": LONG}, {}, ""),
    "with fields that it does not have": ({"id": "7", "state": "hidden"}, {}, ""),
}
DOUBTFUL: dict[str, Sent] = {
    "without a name": ({"name": " "}, {}, ""),
    "without words, without script": ({"text": ""}, {"HX-Request": ""}, ""),
    "with too many words": ({"text": "x" * 2001}, {}, ""),
    "filled in by a robot": ({"website": "x"}, {}, ""),
    "with a stamp that is not ours": ({"stamp": "x"}, {}, ""),
    "from another site": ({}, {"Sec-Fetch-Site": "cross-site"}, ""),
    "from nowhere": ({}, {"Sec-Fetch-Site": ""}, ""),
    "from our origin": ({}, {"Sec-Fetch-Site": "", "Origin": "http://wall.example"}, ""),
    "with a query of its own": ({}, {}, "view=frame&accent=%230a7d55"),
    "that says it is packed": ({}, {"Content-Encoding": "gzip"}, ""),
    "that is none": ({}, {"Content-Type": "multipart/form-data; boundary=x"}, ""),
    "with too many fields": ({f"f{each}": "" for each in range(50)}, {}, ""),
    "that is too large": ({"text": "x" * 200_000}, {}, ""),
}


async def send(wall: Served, sent: Sent, mark: str, more: str = "", slug: str = "main") -> bytes:
    """The answer as it is on the wire, less the time of day."""
    fields, headers, query = sent
    body = urlencode({**FIELDS, "stamp": mark, **fields}).encode()
    said = {**HEADERS, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    address = f"/walls/{slug}/feedback?{query}{more}".rstrip("?")
    lines = [f"POST {address} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items() if value), "", ""]
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write("\r\n".join(lines).encode() + body)
    answer = await reader.read()
    writer.close()
    return re.sub(rb"\r\ndate: [^\r]+|\r\nretry-after: \d+", b"", answer)


async def both_ways(wall: Served, sent: Sent, made: Counter[str], *, slug: str = "main") -> tuple[bytes, int]:
    """The responses to a form sent twice, the second time past the fast path; and how often Quart responded."""
    mark = wall.state.form_tokens.make(1, now())
    made.clear()
    answer = await send(wall, sent, mark, slug=slug)
    by_quart = made.total()
    itself = await send(wall, sent, mark, "&unknown=1" if sent[2] else "unknown=1", slug=slug)
    assert made.total() == by_quart + 1
    assert answer == itself
    return answer, by_quart


@pytest.mark.parametrize("sent", ORDINARY.values(), ids=ORDINARY)
async def test_an_ordinary_form_is_answered_as_quart_answers_it(wall: Served, made: Counter[str], sent: Sent) -> None:
    answer, by_quart = await both_ways(wall, sent, made)
    assert answer.split()[1] in (b"201", b"303")
    assert by_quart == 0
    assert len(await words(wall.client)) == 1


@pytest.mark.parametrize("sent", DOUBTFUL.values(), ids=DOUBTFUL)
async def test_what_is_not_ordinary_is_left_to_quart(wall: Served, made: Counter[str], sent: Sent) -> None:
    answer, by_quart = await both_ways(wall, sent, made)
    assert by_quart == 1
    taken = answer.split()[1] in (b"201", b"303")
    assert len(await words(wall.client)) == taken


@pytest.mark.parametrize(
    ("arranged", "status", "below"),
    [
        ({"names": "never"}, b"201", True),
        ({"names": "optional", "language": "de"}, b"201", True),
        ({"hold": "all"}, b"201", True),
        ({"slow_seconds": 300}, b"201", True),
        ({"is_closed": True}, b"403", False),
    ],
    ids=str,
)
async def test_every_arrangement_of_a_wall_holds_for_both(
    wall: Served, made: Counter[str], arranged: dict[str, Any], status: bytes, below: bool
) -> None:
    async def arrange(session: AsyncSession) -> None:
        await session.execute(update(Wall).values(version=Wall.version + 1, **arranged))

    await wall.database.write(arrange)
    answer, by_quart = await both_ways(wall, ({}, {}, ""), made)
    assert answer.split()[1] == status
    assert by_quart == (not below)


async def test_an_address_without_a_wall_is_explained(wall: Served, made: Counter[str]) -> None:
    answer, by_quart = await both_ways(wall, ({}, {}, ""), made, slug="nowhere")
    assert (answer.split()[1], by_quart) == (b"404", 1)


async def test_a_post_above_the_rate_limit_is_refused_and_not_counted_twice(
    serve: Callable[..., Any], made: Counter[str]
) -> None:
    wall: Served = await serve(post_limit="1/hour")
    assert (await both_ways(wall, ({"visitor": VISITOR}, {}, ""), made))[1] == 0
    answer, by_quart = await both_ways(wall, ({"key": "another-key", "visitor": VISITOR}, {}, ""), made)
    assert (answer.split()[1], by_quart) == (b"429", 1)
    assert await words(wall.client) == ["Hello"]


async def test_with_a_public_address_the_answers_are_the_same(serve: Callable[..., Any], made: Counter[str]) -> None:
    wall: Served = await serve(base_url="https://wall.example", trusted_proxies=1, defences=False)
    answer, by_quart = await both_ways(wall, ({"stamp": ""}, {"X-Forwarded-For": "192.0.2.7"}, ""), made)
    assert (answer.split()[1], by_quart) == (b"201", 0)
    assert b"strict-transport-security" in answer


TYPED = st.lists(st.sampled_from(["", " ", "Ann", "a\0", "x" * 81, "x" * 2001, "\u200b"]) | st.text(), max_size=2)


@given(TYPED, TYPED, st.sampled_from(sorted(NAMES)))
@settings(deadline=None)
def test_a_form_is_taken_when_it_has_no_fault(names: list[str], texts: list[str], asked: str) -> None:
    fields = MultiDict([*(("name", each) for each in names), *(("text", each) for each in texts)])
    wall = Wall(names=asked)
    form = Composer.on(wall, fields)
    try:
        filled = ValidPost.of(fields, wall)
    except InvalidText:
        assert not form.validate()
    else:
        assert form.validate()
        assert (filled.name, filled.text) == (form.name.data, form.text.data)
