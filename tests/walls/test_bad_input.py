"""Invalid input from people and bots: the right status and message, nothing stored, no text lost."""

import asyncio
import re
import time
import unicodedata
from urllib.parse import quote_from_bytes, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback_app.text.cleaning import InvalidText, characters, clean

from ..support import HTMX, OURS, Reader, Served, items, post, stamp, until, words

REFUSED = {
    "empty": "",
    "blank": " \n\t ",
    "nothing to see": "\u200b\u2060\ufeff\u00ad",
    "only what came along": "\0\x07\ue000\ufffe",
    "too long": "x" * 2001,
    "too long, in thumbs": "👍🏽" * 2001,
    "too many code points": "e\u0301\u0316\u0317\u0318" * 1700,
    "20,000 marks": "a" + "\u0301\u0316" * 10_000,
    "piled marks": "a" + "\u0301" * 40,
}
WELCOME = {
    "2,000 characters": "x" * 2000,
    "emoji": "👨‍👩‍👧‍👦🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f👍🏽🇩🇪",
    "new emoji": "\U0001fae9\U0001fadc",
    "scripts": "العربية עברית हिन्दी 中文 ไทย ქართული አማርኛ",
    "lines": "one\ntwo\n\nthree",
    "a letter of a later Unicode": "a\u0378b",
    "compatibility ideographs": "\ufa19\uf900",
    "combining": unicodedata.normalize("NFC", "Z\u0301\u0316\u0317a\u0308"),
    "markup": "<script>alert(1)</script> & \"quotes\" 'here' {{7*7}} {% raw %}",
}


async def test_words_that_cannot_be_are_refused_with_a_sentence(client: httpx.AsyncClient) -> None:
    for kind, text in REFUSED.items():
        mark = await stamp(client)
        started = time.perf_counter()
        answer = await client.post(
            "/walls/main/feedback", data={"name": "Ann", "text": text, "stamp": mark}, headers=HTMX
        )
        assert time.perf_counter() - started < 1, kind
        assert answer.status_code == 422, kind
        assert 'id="composer-text-fault"' in answer.text, kind
        assert 'value="Ann"' in answer.text, kind
        assert await words(client) == [], kind


async def test_every_script_and_emoji_comes_back_as_it_was_typed(client: httpx.AsyncClient) -> None:
    for text in WELCOME.values():
        assert (await post(client, "🦊 " + text[:20].replace("\n", " "), text)).status_code == 201, text
        assert (await words(client))[0] == text


async def test_what_came_along_with_pasted_words_is_no_reason_to_refuse_them(client: httpx.AsyncClient) -> None:
    """Line and page breaks of slides and PDF files, bullets of symbol fonts, and what nobody can see."""
    sent = await post(
        client, "\uf0b7 A\u200bnn\x0b\u00adLee\0", "\x07\uf0b7 one\x0b\uf0b7 two\x0cthree\ue000\ufffc\U000e0041"
    )
    assert sent.status_code == 201
    assert await words(client) == ["• one\n• two\nthree"]
    assert (await items(client))[0]["authors"] == [{"name": "• Ann Lee"}]


async def test_a_long_row_of_flags_holds_nobody_up(client: httpx.AsyncClient) -> None:
    """It was counted in quadratic time, three times, for a second in which nobody else was answered."""
    mark = await stamp(client)
    form = {"name": "Ann", "text": "\U0001f1e9" * 8000, "stamp": mark}
    sent = asyncio.create_task(client.post("/walls/main/feedback", data=form, headers=HTMX))
    slowest = 0.0
    while not sent.done():
        started = time.perf_counter()
        assert (await client.get("/healthz")).status_code == 200
        slowest = max(slowest, time.perf_counter() - started)
    assert (await sent).status_code == 422
    assert slowest < 0.3


async def test_a_name_has_one_line_and_80_characters(client: httpx.AsyncClient) -> None:
    assert (await post(client, "x" * 81)).status_code == 422
    assert (await post(client, "👍🏽" * 80)).status_code == 201
    await post(client, "  Ann\r\nof\tGreen   Gables ", "Trimmed")
    assert (await items(client))[0]["authors"] == [{"name": "Ann of Green Gables"}]


async def test_line_breaks_are_plain_and_directions_stay_inside(client: httpx.AsyncClient) -> None:
    await post(client, text=" a\r\nb\rc \u202eevil\u202c \u2066x\u2069 e\u0301 ")
    assert await words(client) == ["a\nb\nc evil x é"]


async def test_only_words_that_are_higher_than_their_line_are_clipped(client: httpx.AsyncClient) -> None:
    """A clip costs time on every reader's screen, for each entry that is there, whenever another one comes."""
    await post(client, "Zoé", "हिन्दी แล้ว Z\u0301\u0316")
    assert "feedback--tall" not in (await client.get("/walls/main")).text
    await post(client, "Ann", "a" + "\u0301" * 30)
    assert (await client.get("/walls/main")).text.count("feedback--tall") == 1


NOT_WHOLE = [
    "name=Ann&text=%ff%fe",
    "name=Ann&text=%ED%A0%BD",
    "name=Ann",
    "name=Ann&text=a&text=b",
    "text=a",
    "",
    "&&&=&",
    "name=Ann&text[]=x",
    "name=A&name=B&text=x",
]


async def test_forms_that_are_not_whole_are_refused(client: httpx.AsyncClient) -> None:
    for body in NOT_WHOLE:
        headers = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}
        answer = await client.post(
            "/walls/main/feedback", content=f"{body}&stamp={await stamp(client)}", headers=headers
        )
        assert answer.status_code == 422, body
        assert "aria-invalid" in answer.text, body
        assert await words(client) == [], body


NO_FORMS = [
    {"Content-Type": "application/json"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "x" * 500},
    {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"},
]


async def test_what_is_no_form_is_not_parsed(client: httpx.AsyncClient) -> None:
    for headers in NO_FORMS:
        answer = await client.post("/walls/main/feedback", content=b"name=Ann&text=x", headers={**OURS, **headers})
        assert answer.status_code == 415, headers
        assert "form" in answer.text, headers


async def test_a_form_without_end_of_fields_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/walls/main/feedback", data={f"f{each}": "" for each in range(5000)}, headers=OURS)
    assert answer.status_code == 413


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='x",
    "</textarea><!--",
    '<hx-partial hx-target="#feedback">x</hx-partial>',
    '<a hx-get="/" hx-on:click="x">',
    "]]></content><evil/>",
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_markup_is_text_on_every_path(client: httpx.AsyncClient, wall: Served, text: str) -> None:
    async with Reader(wall.port, "0") as reader:
        answer = await post(client, text, text)
        assert answer.status_code == 201
        await until(lambda: reader.news)
        pages = [answer.text, reader.news[0].data]
        for address in (
            "/walls/main",
            "/walls/main/frame",
            "/walls/main/feedback/1",
            "/walls/main/changes?after=0",
            "/walls/main/feed.atom",
            "/walls/main?thanks=1",
        ):
            pages.append((await client.get(address)).text)
    refused = await post(client, text, text + "x" * 2000)
    for page in [*pages, refused.text]:
        assert text.strip() not in page
        assert "&lt;" in page or "&#39;" in page
    assert await words(client) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "a\rdata: <b>x\revent: reset\rid: 999",
        "a\ndata: x\nid: 999\n\nevent: y",
        "a\r\n\r\nretry: 1",
        "id: 5\u2028data: x\u0085event: z",
    ],
)
async def test_text_that_looks_like_an_event_is_one_event(client: httpx.AsyncClient, wall: Served, text: str) -> None:
    async with Reader(wall.port, "0") as reader:
        await post(client, text=text)
        await post(client, text="After")
        await until(lambda: len(reader.news) == 2)
        heard = [event for event in reader.events if event.event != "heartbeat"]
        assert [(event.id, event.event, event.retry) for event in heard] == [("1", "", ""), ("2", "", "")]
    expected = re.sub("\r\n|[\r\u0085\u2028]", "\n", text)
    assert await words(client) == ["After", expected]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(
        [
            "/walls/{}",
            "/walls/{}/frame",
            "/walls/{}/feedback",
            "/walls/{}/feedback/{}",
            "/{}",
            "/static/{}",
            "/walls/{}/changes",
            "/walls/{}/embed",
            "/walls/{}/feed.json",
            "/accents/{}.css",
        ]
    ),
    part=st.sampled_from(["main", "1"]) | st.binary(max_size=30),
    query=st.dictionaries(
        st.sampled_from(["before", "after", "thanks", "theme", "accent", "limit", "form", "view"]),
        st.binary(max_size=20) | st.integers().map(lambda each: str(each).encode()),
        max_size=3,
    ),
    body=st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(["name", "text", "key", "stamp", "x"]), st.text(max_size=40)).map(
        lambda fields: urlencode(fields, errors="surrogatepass").encode()
    ),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]),
)
async def test_nothing_hostile_breaks_the_server(
    client: httpx.AsyncClient, path: str, part: str | bytes, query: dict[str, bytes], body: bytes, method: str
) -> None:
    part = part if isinstance(part, str) else quote_from_bytes(part, safe="")
    address = (
        path.replace("{}", part) + "?" + "&".join(f"{name}={quote_from_bytes(value)}" for name, value in query.items())
    )
    headers = {**OURS, "Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
    answer = await client.request(method, address, content=body if method == "POST" else b"", headers=headers)
    assert answer.status_code < 500, address
    assert "Traceback" not in answer.text


@given(st.text(max_size=300), st.booleans())
@settings(deadline=None)
def test_clean_words_stay_as_they_are(typed: str, lines: bool) -> None:
    limits = {"most": 200, "most_code_points": 400, "lines": lines}
    try:
        words_ = clean(typed, **limits)  # type: ignore[arg-type]
    except InvalidText:
        return
    assert clean(words_, **limits) == words_  # type: ignore[arg-type]
    assert characters(words_) <= 200
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Co") and each not in "\n\t" for each in words_)
