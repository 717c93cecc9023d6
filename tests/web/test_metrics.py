"""The numbers for Prometheus: what they count, who may read them, and that visitors cannot make more of them."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from feedback_app.models import Wall
from feedback_app.web import metrics

from ..support import HTMX, OURS, Reader, Served, environment, post, stamp, until
from ..support.moderators import arrange, moderating

pytestmark = pytest.mark.sqlite

LABELS = {"method", "route", "status", "outcome", "limit", "le", "version", "python"}


async def test_what_happens_is_counted(wall: Served) -> None:
    before = await numbers(wall)
    async with Reader(wall.port, "0") as reader:
        await post(wall.client, text="Counted")
        await post(wall.client, text=" ")
        await wall.client.get("/nothing")
        for address in ("/walls/main", "/walls/main?before=7", "/walls/main/frame", "/walls/main/feed.atom") * 2:
            await wall.client.get(address)
        await until(lambda: reader.versions == [1])
        await until(lambda: is_counted(wall, "feedback_listeners", 1))
    await until(lambda: is_counted(wall, "feedback_listeners", 0))
    after = await numbers(wall)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown("feedback_posts_total{outcome=stored}") == 1
    assert grown("feedback_posts_total{outcome=invalid}") == 1
    assert grown("feedback_requests_total{method=POST,route=feedback.write,status=2xx}") == 1
    assert grown("feedback_requests_total{method=GET,route=none,status=4xx}") == 1
    assert grown("feedback_requests_total{method=GET,route=live.stream,status=2xx}") == 1
    # Cached pages and others; two more requests fetched the form tokens of the posts.
    for route, count in (("walls.show", 6), ("walls.frame", 2), ("feeds.atom_feed", 2), ("none", 0)):
        assert grown(f"feedback_requests_total{{method=GET,route={route},status=2xx}}") == count, route
    assert grown("feedback_broadcast_versions_total") == 1
    assert grown("feedback_broadcast_delay_seconds_count") == 1
    assert grown("feedback_broadcast_delay_seconds_bucket{le=10.0}") == 1
    assert grown("feedback_event_loop_lag_seconds_count") > 0


async def test_each_outcome_of_a_post_is_counted_as_what_was_decided(serve: Callable[..., Any]) -> None:
    """By the fast path and by Quart alike."""
    wall: Served = await serve(post_limit="4/hour", address_limit="3/hour")
    mine, other, key = "a" * 32, "b" * 32, "the-same-key-1234"
    before = await numbers(wall)
    await post(wall.client, text="Once", visitor=mine, key=key)
    await post(wall.client, text="Once", visitor=mine, key=key, headers={**HTMX, "Sec-Fetch-Site": "same-origin"})
    await arrange(wall, hold="links", version=2)
    await post(wall.client, text="example.com", visitor=mine)
    await post(wall.client, text=" ", visitor=mine)
    await post(wall.client, stamp="x")
    await post(wall.client, website="x")
    await post(wall.client, headers={"Sec-Fetch-Site": "cross-site"})
    await wall.client.post("/walls/nowhere/feedback", data={"name": "Ann", "text": "x"}, headers=HTMX)
    await wall.client.post("/walls/main/feedback", content=b"{}", headers={**HTMX, "Content-Type": "application/json"})
    await wall.client.post("/walls/main/feedback", data={"text": "x" * 200_000}, headers=HTMX)
    token = (await post(wall.client, text="Other", visitor=other)).headers["Visitor"]
    await post(wall.client, text="Held", visitor="c" * 32)
    for each in range(3):
        await post(wall.client, text=f"More {each}", visitor=token)
    await post(wall.client, text="Too much", visitor=token)
    await post(wall.client, text="Too much, without script", visitor=token, headers=OURS)
    async with moderating(wall) as kim:
        await kim.act("block-author", 1)
    await post(wall.client, text="Blocked", visitor=mine)
    await post(wall.client, text="Beside", visitor="d" * 32)
    mark = await stamp(wall.client)
    await arrange(wall, is_closed=True, version=9)
    fields = {"name": "Ann", "text": "Closed", "stamp": mark}
    await wall.client.post("/walls/main/feedback", data=fields, headers=HTMX)
    after = await numbers(wall)
    grown = {
        name.split("=")[1].strip("}"): count - before.get(name, 0)
        for name, count in after.items()
        if name.startswith("feedback_posts_total") and count != before.get(name, 0)
    }
    assert grown == {
        "stored": 5, "repeated": 1, "held: links": 1, "held: address": 1, "held: blocked": 1, "invalid": 1,
        "outdated": 1, "trapped": 1, "foreign": 1, "no wall": 1, "not a form": 1, "too large": 1, "limited": 2,
        "blocked": 1, "closed": 1,
    }  # fmt: skip


async def test_a_slow_reader_who_is_cut_and_a_database_that_fails_are_counted(wall: Served) -> None:
    before = await numbers(wall)
    async with Reader(wall.port, "0") as reader:
        await until(lambda: wall.state.hub.topics)
        (topic,) = wall.state.hub.topics.values()
        (listener,) = topic.listeners
        listener.disconnect()
        await until(lambda: reader.ended)
    assert wall.database.file is not None
    wall.database.file.rename(wall.database.file.with_suffix(".aside"))
    await wall.database.read_engine.dispose()
    assert (await wall.client.get("/walls/main")).status_code == 503
    after = await numbers(wall)
    for name in ("feedback_listeners_cut_total", "feedback_database_errors_total"):
        assert after[name] > before[name], name


async def test_walls_addresses_and_odd_requests_make_no_new_numbers(serve: Callable[..., Any]) -> None:
    """Ten thousand walls, and as many requests as the time allows, each from another address."""
    wall: Served = await serve(trusted_proxies=1, metrics_token="t" * 20, post_limit="", streams=1)

    async def many(session: Any) -> None:
        await session.execute(insert(Wall), [{"slug": f"wall-{each}", "title": "T"} for each in range(10_000)])

    await wall.database.write(many)

    async def visit(number: int) -> None:
        where = f"wall-{number}"
        addresses = (f"/walls/{where}", f"/walls/{where}/feed.json", f"/{where}", f"/walls/{where}/feedback/{number}")
        headers = {"X-Forwarded-For": f"2001:db8:{number:x}::1", "User-Agent": where, "X-Request-Id": where}
        for method in ("GET", "HEAD", "OPTIONS", ("PUT", "DELETE", "PROPFIND", "SEARCH")[number % 4]):
            await wall.client.request(method, addresses[number % len(addresses)], headers=headers)
        words = {"name": where, "text": where, "key": f"key-{where}"}
        await wall.client.post(f"/walls/{where}/feedback", data=words, headers={**HTMX, **headers})

    async def series() -> set[str]:
        return set(await numbers(wall, Authorization="Bearer " + "t" * 20))

    await asyncio.gather(*(visit(number) for number in range(16)))
    await series()  # Asking for the numbers is a request of its own, which is counted once it is answered.
    before = await series()
    for first in range(16, 80, 16):
        await asyncio.gather(*(visit(number) for number in range(first, first + 16)))
    after = await series()
    assert after == before
    assert {label for name in after for label in re.findall(r"[{,](\w+)=", name)} <= LABELS
    assert "wall-" not in "".join(after)


READERS: list[tuple[dict[str, str], int]] = [
    ({}, 200),
    ({"X-Forwarded-For": "127.0.0.1"}, 404),
    ({"Forwarded": "for=127.0.0.1"}, 404),
    ({"X-Real-IP": "::1"}, 404),
    ({"CF-Connecting-IP": "192.0.2.1"}, 404),
    ({"Via": "1.1 proxy"}, 404),
    ({"Host": "evil.example"}, 404),
    ({"Host": "wall.local"}, 404),
    ({"Host": "192.0.2.1"}, 404),
    ({"Host": "localhost:8000"}, 200),
    ({"Host": "[::1]"}, 200),
    ({"X-Forwarded-For": "127.0.0.1", "Authorization": "Bearer a-long-enough-token"}, 200),
    ({"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer a-long-enough-tokem"}, 404),
    ({"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer"}, 404),
    ({"X-Forwarded-For": "192.0.2.1", "Authorization": "a-long-enough-token"}, 404),
]


@pytest.mark.parametrize("settings", [{}, {"trusted_proxies": 1}, {"base_url": "https://wall.example"}])
async def test_strangers_find_nothing(serve: Callable[..., Any], settings: dict[str, Any]) -> None:
    """Where a proxy or a public address is set, nobody gets in without the token."""
    wall: Served = await serve(metrics_token="a-long-enough-token", **settings)
    for headers, alone in READERS:
        status = 404 if settings and "Authorization" not in headers else alone
        answer = await wall.client.get("/metrics", headers=headers)
        assert answer.status_code == status, headers
        assert ("feedback_listeners" in answer.text) == (status == 200)
        assert answer.headers["cache-control"] == "no-store"


async def test_a_proxy_that_adds_nothing_gives_itself_away(wall: Served) -> None:
    """Bare nginx: it asks in HTTP/1.0, under the name of its upstream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).split()[1] == b"404"
    writer.close()
    await writer.wait_closed()


async def test_without_a_token_none_opens(wall: Served) -> None:
    headers = {"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer x"}
    assert (await wall.client.get("/metrics", headers=headers)).status_code == 404


def test_the_workers_of_one_server_are_counted_together(data: Path) -> None:
    count = (
        "from feedback_app.web import metrics; "
        "metrics.count_requests('GET', 'walls.show', 200); metrics.LISTENERS.set(5)"
    )
    with metrics.shared_folder() as folder:
        workers = [
            subprocess.Popen([sys.executable, "-c", count], env=environment(data, PROMETHEUS_MULTIPROC_DIR=folder))
            for _ in range(2)
        ]
        assert [each.wait(60) for each in workers] == [0, 0]
        together = metrics.exposition().decode()
        assert 'feedback_requests_total{method="GET",route="walls.show",status="2xx"} 2.0' in together
        assert "feedback_listeners 10.0" in together
        metrics.forget(workers[0].pid)
        assert "feedback_listeners 5.0" in metrics.exposition().decode()
        assert os.stat(folder).st_mode & 0o077 == 0
    assert not Path(folder).exists()


async def numbers(wall: Served, **headers: str) -> dict[str, float]:
    """Each number under its name and labels."""
    answer = await wall.client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        sample.name + "{" + ",".join(f"{name}={value}" for name, value in sample.labels.items()) + "}"
        if sample.labels
        else sample.name: sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def is_counted(wall: Served, name: str, value: float) -> bool:
    return (await numbers(wall))[name] == value
