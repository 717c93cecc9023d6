"""The operator's log: startup lines, and warnings about proxies and foreign forms, without text from visitors."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from feedback_app.config import Settings
from feedback_app.installation.secret_key import FILE, Secrets
from feedback_app.web.middleware import access_log

from ..support import HTMX, NO_CERTIFICATES, OURS, Served, environment, post, run, words
from .test_trusted_host import asked

pytestmark = pytest.mark.sqlite


def serve_until_it_says(data: Path, *options: str, lines: int, **settings: str) -> tuple[list[str], str]:
    """The first lines of its standard output, and its standard error."""
    command = [sys.executable, "-m", "feedback_app", "serve", "--port", "0", *options]
    with subprocess.Popen(
        command, env=environment(data, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        said = [server.stdout.readline() for _ in range(lines)]
        server.terminate()
        return said, server.communicate(timeout=20)[1]


def test_a_log_for_programs_is_json_from_the_first_line_and_holds_no_token(empty: Path) -> None:
    said, log = serve_until_it_says(
        empty, lines=2, FEEDBACK_LOG="json", FEEDBACK_TRUSTED_PROXYS="1", FEEDBACK_DATABASE_URL=""
    )
    records = [json.loads(line) for line in (*said, *log.splitlines())]
    assert all({"at", "level", "message"} <= set(each) for each in records)
    messages = [each["message"] for each in records]
    assert messages[0].startswith("The wall is at http://127.0.0.1:")
    assert any("Made an installation in" in each for each in messages)
    assert any("Did you mean FEEDBACK_TRUSTED_PROXIES?" in each for each in messages)
    assert not any("token=" in each for each in messages)
    file = empty / "setup-address"
    assert str(file) in messages[1]
    assert "/setup?token=" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert "token=" in serve_until_it_says(empty, lines=2)[0][1]
    assert not file.exists()
    outcome = run(empty, "serve", FEEDBACK_LOG="json", FEEDBACK_DATABASE_URL="postgresql://x:hush@127.0.0.1:1/x")
    assert json.loads(outcome.stderr)["level"] == "critical"


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]")])  # noqa: S104
def test_the_printed_address_can_be_opened(data: Path, host: str, shown: str) -> None:
    said, _ = serve_until_it_says(data, "--host", host, lines=1)
    assert said[0].startswith(f"The wall is at http://{shown}:"), said


def test_an_address_that_cannot_be_bound_is_reported_with_the_option_to_change(data: Path) -> None:
    for host in ("192.0.2.1", "no.such.host.invalid", "a b", "unix..x"):
        outcome = run(data, "serve", "--host", host, "--port", "0")
        assert (outcome.returncode, len(outcome.stderr.splitlines())) == (1, 1), outcome.stderr
        assert "--host" in outcome.stderr
        assert "--port" not in outcome.stderr
    assert run(data, "-h").stdout == run(data, "--help").stdout
    assert run(data, "wall", "add", "-h").returncode == 0


def test_a_terminal_that_cannot_show_a_title_shows_its_number(data: Path) -> None:
    assert run(data, "wall", "add", "party", "--title", "Party 🎉 день").returncode == 0
    for encoding in ("latin-1", "cp1252"):
        command = [sys.executable, "-m", "feedback_app", "wall", "list"]
        told = environment(data, PYTHONIOENCODING=encoding)
        listed = subprocess.run(command, env=told, capture_output=True, check=True, timeout=60)
        assert b"Party \\U0001f389" in listed.stdout


REFERERS = (
    "http://[",
    "http://[::1",
    "http://]/",
    "//[x",
    "http://a]b[c/",
    "http://[1.2.3.4]/",
    "http://ann@[/",
)


async def test_a_referer_that_cannot_be_read_does_no_harm(wall: Served, kim: Any, caplog: Any) -> None:
    """A stored post is not reported as an error, and the log does not contain the path."""
    await post(wall.client, text="Hello")
    for referer in REFERERS:
        path = "/settings/walls/Ann%20says%20%1b[31mFORGED/address"
        refused = await wall.client.post(path, data={"slug": "x"}, headers={**OURS, "Referer": referer})
        assert refused.status_code < 500, referer
        headers = {**OURS, "Referer": referer}
        done = await kim.client.post("/moderation/acts", data={"verb": "hide", "feedback": "1"}, headers=headers)
        assert done.status_code < 500, (referer, done.status_code)
    assert "FORGED" not in caplog.text


async def test_an_error_is_logged_without_the_path(wall: Served, caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also an error in the error handler itself."""

    async def fail(*_: Any) -> None:
        raise RuntimeError("words of somebody")

    monkeypatch.setattr("feedback_app.errors._error_page", fail)
    answer = await wall.client.get("/Ann%20says%20%1b[31mFORGED")
    assert answer.status_code == 500
    assert "A request failed." in caplog.text
    assert "FORGED" not in "".join(access_log.Lines().format(each) for each in caplog.records)


def test_a_line_obeys_no_terminal() -> None:
    record = logging.makeLogRecord({"msg": "a\x1b[31mb\u202ec\x9bd\u2028e", "levelname": "ERROR"})
    for form in (access_log.Lines(), access_log.JSONLines()):
        assert "a\\u001b[31mb" in form.format(record).replace("\\\\", "\\")
        assert form.format(record).isprintable()


async def said(caplog: Any, words: str) -> int:
    return sum(words in each.getMessage() for each in caplog.records)


async def test_a_proxy_of_which_no_setting_tells_is_named_once(wall: Served, caplog: Any) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "CF-Connecting-IP", "X-Real-IP", "Via"):
        await wall.client.get("/login", headers={header: "192.0.2.77"})
    assert await said(caplog, "FEEDBACK_TRUSTED_PROXIES") == 1
    assert "192.0.2" not in caplog.text


async def test_one_that_adds_nothing_is_guessed_when_a_post_is_one_too_many(
    serve: Callable[..., Any], caplog: Any
) -> None:
    wall: Served = await serve(address_limit="1/hour")
    for number in range(12):
        await post(wall.client, text=f"Post {number}")
    assert await said(caplog, "FEEDBACK_TRUSTED_PROXIES") == 1


async def test_a_proxy_is_believed_within_its_networks_only(serve: Callable[..., Any], caplog: Any) -> None:
    for networks, is_believed in (("", True), ("10.0.0.0/8", False), ("*", True), ("::1,127.0.0.1", True)):
        wall: Served = await serve(address_limit="1/hour", trusted_proxies=1, proxy_networks=networks)
        texts = [f"{networks}: {number}" for number in range(2)]
        for number, text in enumerate(texts):
            forwarded = {**HTMX, "X-Forwarded-For": f"192.0.{len(networks)}.{number}"}
            assert (await post(wall.client, text=text, headers=forwarded)).status_code == 201
        # What is above the allowance of an address is held.
        assert (texts[1] in await words(wall.client)) == is_believed, networks
        caplog.clear() if not networks else None
    assert await said(caplog, "FEEDBACK_PROXY_NETWORKS") == 1


@pytest.mark.parametrize(("proxies", "forwarded"), [(1, ""), (2, "192.0.2.7"), (1, "unknown"), (1, "192.0.2.7:x")])
async def test_a_trusted_proxy_that_says_nothing_of_visitors_is_named_once(
    serve: Callable[..., Any], caplog: Any, proxies: int, forwarded: str
) -> None:
    wall: Served = await serve(trusted_proxies=proxies)
    headers = {**HTMX, **({"X-Forwarded-For": forwarded} if forwarded else {})}
    await wall.client.get("/readyz", headers=headers)
    assert await said(caplog, "X-Forwarded-For") == 0
    for number in range(2):
        await post(wall.client, text=f"Post {number}", headers=headers)
    assert await said(caplog, f"the X-Forwarded-For of {proxies} trusted proxies") == 1
    assert "192.0.2.7" not in caplog.text


async def test_a_form_that_a_proxy_made_foreign_leads_to_the_setting(wall: Served, caplog: Any) -> None:
    for origin in ("http://wall.lan", "http://wall.lan", "null", "http://a b"):
        client = httpx.AsyncClient(base_url=wall.client.base_url, verify=NO_CERTIFICATES)
        async with client:
            refused = await client.post("/walls/main/feedback", data={"text": "x"}, headers={"Origin": origin})
        assert refused.status_code == 403
    assert await said(caplog, "Origin http://wall.lan, while this wall is http://127.0.0.1") == 1
    assert await said(caplog, "FEEDBACK_BASE_URL") == 1


async def test_hsts_is_a_setting(serve: Callable[..., Any]) -> None:
    for hsts, expected in (
        ("off", ""),
        ("max-age=60; includeSubDomains", "strict-transport-security: max-age=60; includesubdomains"),
    ):
        await serve(base_url="https://wall.example", hsts=hsts)
        wall = await serve(base_url="https://wall.example", hsts=hsts)
        for target in ("/walls/main", "/walls/main", "/login"):
            answer = (await asked(wall, "Host: wall.example", target=target)).lower()
            assert expected in answer
            assert ("strict-transport" in answer) == bool(expected)


def test_an_unreadable_secret_is_logged_once_and_used_when_it_is_readable(
    tmp_path: Path, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback_app.installation.secret_key.LOOK_SECONDS", 0)
    secrets = Secrets(Settings(data=tmp_path))
    before = secrets()
    (tmp_path / FILE).write_text("x")
    assert [secrets(), secrets(), secrets()] == [before] * 3
    assert sum("cannot be read" in each.getMessage() for each in caplog.records) == 1
    (tmp_path / "next").write_text("another-secret-of-ours-7")
    os.replace(tmp_path / "next", tmp_path / FILE)
    assert secrets() == ("another-secret-of-ours-7",)


def test_that_it_is_over_is_no_fault(caplog: Any) -> None:
    from feedback_app.database.outage import Outage

    caplog.set_level(logging.INFO, "feedback_app")
    outage = Outage()
    outage.failed("reading", OSError(5, "gone"))
    outage.worked("reading")
    assert [each.levelname for each in caplog.records] == ["ERROR", "INFO"]
