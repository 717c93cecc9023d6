"""The access log: a line for each request, without personal data."""

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ..support import HTMX, Process, Reader, environment, post, until

pytestmark = pytest.mark.sqlite

# What comes from visitors in each of these requests; none of it may be in the log.
PERSONAL = re.compile(r"192\.0\.2|Annabel|sonnet|Netscape|secret-token|q-word|127\.0\.0\.1|idem-key|Referrer|walls/")


class Logged(Process):
    """A server whose log is read."""

    def __init__(self, data: Path, log: Path, **settings: str) -> None:
        self.log = log
        super().__init__(data, **settings)

    def start(self) -> None:
        with self.log.open("a") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "feedback_app", "serve", "--port", str(self.port)],
                env=environment(self.data, **self.settings),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        assert "The wall is at" in self.process.stdout.readline()

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()


async def visit(server: Logged) -> None:
    """Everything that a visitor can put words into."""
    headers = {
        "X-Forwarded-For": "192.0.2.77",
        "User-Agent": "Netscape Annabel",
        "Referer": "https://Referrer.example/Annabel",
        "Cookie": "session=secret-token",
        "Authorization": "Bearer secret-token",
        "X-Request-Id": "Annabel",
    }
    async with server.client() as client:
        client.headers.update(headers)
        assert (await client.get("/walls/main?q=q-word")).status_code == 200
        assert (await post(client, "Annabel", "A sonnet", key="idem-key")).status_code == 201
        assert (await post(client, "Annabel", " ")).status_code == 422
        assert (await client.get("/Annabel/sonnet?key=secret-token")).status_code == 404
        assert (await client.get("/walls/Annabel")).status_code == 404
        assert (await client.request("PROPFIND", "/walls/main")).status_code == 403
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert (await client.post("/walls/main/feedback", data={"name": "Annabel"}, headers=foreign)).status_code == 403
        large = await client.post("/walls/main/feedback", data={"text": "sonnet" * 40_000}, headers=HTMX)
        assert large.status_code == 413
        assert (await client.get("/healthz")).status_code == 200
        # Without those headers, it is answered from the page cache.
        del client.headers["Authorization"]
        assert (await client.get("/walls/main/frame")).status_code == 200
        assert (await client.get("/walls/main/feed.json")).status_code == 200
    async with Reader(server.port, "0") as reader:
        await until(lambda: reader.versions == [1])


@pytest.mark.parametrize("form", ["text", "json"])
async def test_the_log_has_a_line_for_each_request_and_nothing_of_the_visitor(
    form: str, data: Path, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(
        lambda: Logged(data, tmp_path / "log", FEEDBACK_LOG=form, FEEDBACK_TRUSTED_PROXIES="1")
    )
    try:
        await visit(server)
        await until(lambda: any("live.stream" in line for line in server.lines()))
        # The database goes, so that the program has something to say itself.
        with closing(sqlite3.connect(data / "feedback.sqlite3")) as stranger:
            stranger.execute("ALTER TABLE walls RENAME TO ways")
            stranger.commit()
            async with server.client() as client:
                assert (await client.get("/walls/Annabel")).status_code == 503
            stranger.execute("ALTER TABLE ways RENAME TO walls")
            stranger.commit()
    finally:
        assert server.stop() == 0
    lines = server.lines()
    assert not [line for line in lines if PERSONAL.search(line)]
    assert "Annabel" not in server.log.read_text()
    if form == "json":
        check(lines)
    else:
        assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", line) for line in lines)
        assert any(
            re.search(r"Z POST feedback\.write 201 [\d.]+ ms \d+ bytes [0-9a-f]{6}-\d+$", line) for line in lines
        )


def check(lines: list[str]) -> None:
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    requests = [record for record in records if "route" in record]
    assert all(
        set(record) == {"at", "level", "request", "method", "route", "status", "milliseconds", "bytes"}
        for record in requests
    )
    said = [(record["method"], record["route"], record["status"]) for record in requests]
    for expected in (
        ("GET", "walls.show", 200),
        ("GET", "walls.frame", 200),
        ("GET", "feeds.json_feed", 200),
        ("POST", "feedback.write", 201),
        ("POST", "feedback.write", 422),
        ("GET", "none", 404),
        ("GET", "walls.show", 404),
        ("other", "none", 403),
        ("POST", "feedback.write", 403),
        ("POST", "feedback.write", 413),
        ("GET", "walls.show", 503),
        ("GET", "live.stream", 200),
    ):
        assert expected in said, f"{expected} is not among {said}."
    assert ("GET", "health.alive", 200) not in said
    assert len({record["request"] for record in requests}) == len(requests)
    written = next(record for record in requests if record["route"] == "walls.show" and record["status"] == 200)
    assert written["bytes"] > 1000
    assert written["milliseconds"] > 0
    faults = [record for record in records if record.get("logger") == "feedback_app.database.outage"]
    assert {record["request"] for record in faults} <= {record["request"] for record in requests}
    assert faults
    assert "no such table" in faults[0]["message"]
    assert faults[0]["message"].startswith("The database does not respond. ")


async def test_the_log_can_be_off(data: Path, tmp_path: Path) -> None:
    server = await asyncio.to_thread(
        lambda: Logged(data, tmp_path / "log", FEEDBACK_LOG="off", FEEDBACK_TRUSTED_PROXIES="1")
    )
    try:
        await visit(server)
    finally:
        assert server.stop() == 0
    assert server.lines() == []
