"""Under which name the wall answers when it has a public address."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ..support import Served, post, stamp


async def asked(wall: Served, *lines: str, target: str = "/walls/main", method: str = "GET") -> str:
    """What the server says to a request with these lines in its head."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    head = "".join(f"{line}\r\n" for line in (*lines, "Connection: close"))
    writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.fixture
async def wall(serve: Callable[..., Any]) -> Served:
    served: Served = await serve(base_url="https://Wall.example")
    return served


@pytest.mark.parametrize("host", ["wall.example", "WALL.example", "wall.example:443"])
async def test_its_own_name_is_known(wall: Served, host: str) -> None:
    answer = await asked(wall, f"Host: {host}")
    assert answer.startswith("HTTP/1.1 200"), answer[:200]
    assert "strict-transport-security: max-age=63072000" in answer.lower()


OTHERS = [
    "evil.example",
    "wall.example.evil.example",
    "evil.example:443",
    "wall.example:8443",
    "wall.example.",
    "wall.example@evil.example",
    "a b",
    "wall.example:99999",
    "127.0.0.1",
    "",
    "wall.example, evil.example",
    "xn--evil",
    "\xe9vil",
]


async def test_any_other_name_is_refused_and_not_repeated(wall: Served) -> None:
    """Also where the pages are ready for those who ask under its own name."""
    for target in ("/walls/main", "/walls/main/feed.json"):
        assert " 200 " in await asked(wall, "Host: wall.example", target=target)
    for host in OTHERS:
        for target in ("/walls/main", "/walls/main/live?after=0", "/walls/main/feed.json", "/login", "/nothing"):
            answer = await asked(wall, f"Host: {host}", target=target)
            assert answer.split()[1] in ("400", "421"), answer[:200]
            assert "evil" not in answer, host
            assert "cache-control: no-store" in answer.lower() or " 400 " in answer, host


async def test_two_names_and_none_are_refused(wall: Served) -> None:
    for lines in (("Host: wall.example", "Host: evil.example"), ("Host: evil.example", "Host: wall.example"), ()):
        answer = await asked(wall, *lines)
        assert answer.split()[1] in ("400", "421"), answer[:200]
        assert "evil" not in answer


async def test_what_a_proxy_would_say_is_not_believed(wall: Served) -> None:
    forwarded = ("X-Forwarded-Host: evil.example", "Forwarded: host=evil.example;proto=http", "X-Real-IP: 6.6.6.6")
    for target in ("/walls/main/feed.json", "/walls/main/embed"):
        answer = await asked(wall, "Host: wall.example", *forwarded, target=target)
        assert "https://wall.example" in answer.lower()
        assert "evil" not in answer
    assert (await asked(wall, "Host: evil.example", "X-Forwarded-Host: wall.example")).startswith("HTTP/1.1 421")


async def test_the_name_counts_and_not_the_address_in_the_first_line(wall: Served) -> None:
    answer = await asked(wall, "Host: wall.example", target="http://evil.example/walls/main/feed.json")
    assert "evil" not in answer


async def test_supervisors_may_ask_under_any_name(wall: Served) -> None:
    assert (await asked(wall, "Host: 10.0.0.7:8000", target="/healthz")).startswith("HTTP/1.1 200")
    assert (await asked(wall, "Host: 10.0.0.7:8000", target="/healthz/")).startswith("HTTP/1.1 421")


async def test_a_post_to_another_name_stores_nothing(wall: Served) -> None:
    made = await stamp(wall.client)
    refused = await wall.client.post(
        "/walls/main/feedback",
        data={"name": "Ann", "text": "Hello", "stamp": made},
        headers={"Host": "evil.example", "Sec-Fetch-Site": "same-origin"},
    )
    assert refused.status_code == 421
    assert (await wall.client.get("/walls/main/feed.json")).json()["items"] == []
    assert (await post(wall.client)).status_code == 201


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("HTTPS://Wall.Example:443/", "https://wall.example"),
        ("http://b\xfccher.example:8080", "http://xn--bcher-kva.example:8080"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
async def test_an_address_is_compared_as_browsers_write_it(
    serve: Callable[..., Any], address: str, origin: str
) -> None:
    """With a browser that sends `Origin` and no `Sec-Fetch-Site`."""
    wall: Served = await serve(base_url=address)
    taken = await post(wall.client, headers={"Origin": origin, "Accept": "text/html"})
    assert taken.status_code == 303, taken.text
    assert (await wall.client.get("/walls/main/feed.json")).json()["home_page_url"] == f"{origin}/walls/main"


UNREADABLE = (
    (), ("Host: ",), ("Host: a b",), ("Host: localhost", "Host: localhost"), ("Host: localhost", "Host: evil.example"),
    ("Host: local\xe9",), ("Host: localhost:http",), ("Host: localhost:999999",), ("Host: local/host",),
    ("Host: ann@localhost",), ("Host: localhost, evil.example",), ("Host: [::1",), ("Host: <b>",), ("Host: .",),
    ("Host: " + "a" * 300,),
)  # fmt: skip


async def test_without_a_public_address_any_one_name_will_do(serve: Callable[..., Any]) -> None:
    wall = await serve()
    for host in (
        "anything.example",
        "127.0.0.1:8000",
        "[::1]:8000",
        "raspberrypi",
        "a_b.lan",
        "wall.local.",
        "WALL.example",
    ):
        assert (await asked(wall, f"Host: {host}")).startswith("HTTP/1.1 200"), host
    for lines in UNREADABLE:
        answer = await asked(wall, *lines)
        assert answer.split()[1] == "400", (lines, answer[:100])


async def test_what_was_asked_for_is_in_the_log_once(wall: Served, caplog: pytest.LogCaptureFixture) -> None:
    for host in ("other.example", "other.example", "\x1b[31mred", *(f"{number}.example" for number in range(30))):
        await asked(wall, f"Host: {host}")
    said = [each.getMessage() for each in caplog.records if "asked for" in each.getMessage()]
    assert [each for each in said if " other.example," in each] == said[:1]
    assert "FEEDBACK_BASE_URL" in said[0]
    assert len(said) <= 10
    assert all(each.isprintable() for each in said)
