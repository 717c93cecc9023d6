"""The first moderator: a one-time address that the server prints, and nothing by default."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from feedback_app.accounts import invitations
from feedback_app.clock import now
from feedback_app.models import Invitation

from ..support import PASSWORD, Browser, Process, Served, add_wall, employ, log_in

CHOICE = {"name": "Ann", "password": PASSWORD, "password_again": PASSWORD}


async def offer(wall: Served) -> str:
    token = await invitations.offer_first(wall.database)
    assert token is not None
    return token


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_new_installation_prints_an_address_at_which_the_first_moderator_is_made(
    process: Callable[..., Process], workers: int
) -> None:
    """Once, however many processes serve."""
    server = process(workers=workers)
    assert server.process.stdout is not None
    line = server.process.stdout.readline()
    found = re.fullmatch(r"There is no moderator yet\. .* at (http://127\.0\.0\.1:\d+/setup\?token=[\w-]{43})\n", line)
    assert found, line
    async with server.client() as browser:
        browser.headers["Sec-Fetch-Site"] = "same-origin"
        assert "You are the first here" in (await browser.get(found.group(1))).text
        made = await browser.post("/setup", data={**CHOICE, "token": found.group(1).split("=")[1]})
        assert (made.status_code, made.headers["location"]) == (303, "/moderation")
        assert (await browser.get("/settings/walls/main/moderators")).status_code == 200
        assert (await browser.get(found.group(1))).status_code == 404
    server.process.terminate()
    assert server.process.stdout.read() == ""
    assert server.stop() == 0

    server.start()
    server.process.terminate()
    assert server.process.stdout.read() == ""
    assert server.stop() == 0


async def test_the_first_owns_every_wall(wall: Served) -> None:
    await add_wall(wall.database, "team")
    token = await offer(wall)
    async with Browser(wall) as browser:
        await browser.post("/setup", data={**CHOICE, "token": token})
        for slug in ("main", "team"):
            assert (await browser.get(f"/settings/walls/{slug}/moderators")).status_code == 200


async def test_it_is_used_once_however_many_try_in_parallel(wall: Served) -> None:
    first, second = await offer(wall), await offer(wall)
    sent = [{**CHOICE, "name": f"Person {each}", "token": first if each % 2 else second} for each in range(6)]
    async with Browser(wall) as browser:
        answers = await asyncio.gather(*(browser.post("/setup", data=each) for each in sent))
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404, 404, 404, 404]


async def test_processes_that_start_together_each_print_one_that_works_and_a_later_start_ends_them(
    wall: Served,
) -> None:
    tokens = [await offer(wall), await offer(wall)]
    for token in tokens:
        assert (await wall.client.get("/setup", params={"token": token})).status_code == 200
    old = update(Invitation).values(created_at=now() - timedelta(minutes=11))
    await wall.database.write(lambda session: session.execute(old))
    tokens.append(await offer(wall))
    statuses = [(await wall.client.get("/setup", params={"token": token})).status_code for token in tokens]
    assert statuses == [404, 404, 200]


async def test_it_is_gone_once_there_is_a_moderator(wall: Served) -> None:
    token = await offer(wall)
    await employ(wall.database, "Bob")
    assert (await wall.client.get("/setup", params={"token": token})).status_code == 404
    async with Browser(wall) as browser:
        assert (await browser.post("/setup", data={**CHOICE, "token": token})).status_code == 404
    assert await invitations.offer_first(wall.database) is None


NO_TOKENS = ["", "x" * 43, "\u00e9", "%00", "x" * 5000, "'"]


async def test_no_other_token_opens_it(wall: Served) -> None:
    await offer(wall)
    for token in NO_TOKENS:
        answer = await wall.client.get("/setup", params={"token": token})
        assert (answer.status_code, "whenever it starts" in answer.text) == (404, True), token
        async with Browser(wall) as browser:
            assert (await browser.post("/setup", data={**CHOICE, "token": token})).status_code == 404, token


IMPOSSIBLE = [
    ({"name": ""}, "Enter a name"),
    ({"name": "x" * 81}, "too long"),
    ({"name": "\ufdfa" * 30}, "spelled out"),
    ({"name": "\x07"}, "Enter a name"),
    ({"password": "x", "password_again": "x"}, "too short"),
    ({"password": "x" * 10_000, "password_again": "x" * 10_000}, "too long"),
    ({"password": "password12345", "password_again": "password12345"}, "too easy to guess"),
    ({"name": "Annabel Longname", "password": "annabel LONGNAME", "password_again": "annabel LONGNAME"}, "too easy"),
    ({"password_again": "different"}, "do not match"),
    ({"password": "", "password_again": ""}, "too short"),
]


async def test_an_invalid_form_shows_its_errors_and_the_address_still_works(wall: Served) -> None:
    token = await offer(wall)
    for changed, sentence in IMPOSSIBLE:
        async with Browser(wall) as browser:
            answer = await browser.post("/setup", data={**CHOICE, "token": token, **changed})
            assert (answer.status_code, sentence in answer.text) == (422, True), answer.text
            assert PASSWORD not in answer.text, changed
            assert "set-cookie" not in answer.headers, changed
            assert (await browser.get("/setup", params={"token": token})).status_code == 200, changed


async def test_there_is_no_account_by_default(client: httpx.AsyncClient) -> None:
    for name, password in (("admin", "admin"), ("admin", "password"), ("root", ""), ("Ann", PASSWORD)):
        assert (await log_in(client, name, password)).status_code in (401, 422)
