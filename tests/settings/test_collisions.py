"""Two requests take the same address or name at the same moment: one succeeds, the other gets an error page."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from feedback_app.accounts import invitations
from feedback_app.models import Invitation, Wall

from ..support import Browser, Served, employ, hashed

pytestmark = pytest.mark.engines


@pytest.fixture
async def workers(serve: Callable[..., Any]) -> list[Served]:
    return [await serve(post_limit=""), await serve(post_limit="")]


async def test_of_many_who_take_an_address_one_gets_it(workers: list[Served], caplog: pytest.LogCaptureFixture) -> None:
    ann = await employ(workers[0].database, "Ann", main="owner")
    browsers = [await Browser.of(each, ann) for each in workers * 3]
    for turn in range(5):
        made = await asyncio.gather(
            *(each.post("/settings/walls", data={"title": "T", "slug": f"new-{turn}"}) for each in browsers)
        )
        assert sorted(answer.status_code for answer in made) == [303, 422, 422, 422, 422, 422]
        await browsers[0].post("/settings/walls", data={"title": "T", "slug": f"other-{turn}"})
        renamed = await asyncio.gather(
            browsers[0].post(f"/settings/walls/new-{turn}/address", data={"slug": f"renamed-{turn}"}),
            browsers[1].post(f"/settings/walls/other-{turn}/address", data={"slug": f"renamed-{turn}"}),
        )
        assert sorted(answer.status_code for answer in renamed) == [303, 422]
    for each in browsers:
        await each.aclose()
    assert not [record for record in caplog.records if "does not respond" in record.message]


async def test_of_many_who_take_a_name_one_gets_it(workers: list[Served]) -> None:
    inviter = await employ(workers[0].database, "Ann", main="owner")
    for turn in range(5):
        tokens = [f"token-{turn}-{each}" for each in range(6)]

        async def invite(session: Any, tokens: list[str] = tokens) -> None:
            wall = (await session.scalars(Wall.named("main"))).one()
            session.add_all(Invitation.invitation(token, wall, "moderator", inviter) for token in tokens)

        await workers[0].database.write(invite)
        outcomes = await asyncio.gather(
            *(
                workers[place % 2].database.write(
                    lambda session, token=token, name=f"Kim {turn}": invitations.set_up(token, name, hashed(), session)
                )
                for place, token in enumerate(tokens)
            ),
            return_exceptions=True,
        )
        assert [type(each).__name__ for each in outcomes].count("Moderator") == 1, outcomes
        assert [type(each).__name__ for each in outcomes].count("NameTaken") == 5, outcomes


async def test_what_no_database_takes_is_no_outage(wall: Served, caplog: pytest.LogCaptureFixture) -> None:
    for address in ("/walls/%00", "/walls/main%00", "/walls/%00/feedback", "/walls/a%00b/changes", "/walls/%00/live"):
        assert (await wall.client.get(address)).status_code in (301, 404), address
    for query in ("before=%00", "after=%00", "thanks=%00", "lang=%00", "theme=%00", "view=%00"):
        assert (await wall.client.get(f"/walls/main?{query}")).status_code < 500, query
    words = {"name": "a\0b", "password": "c\0d"}
    await wall.client.post("/login", data=words, headers={"Origin": str(wall.client.base_url)})
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
