"""Floods of logins do not delay posts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import func, select

from feedback_app.accounts import passwords
from feedback_app.models import LoginAttempt

from ..support import Browser, Served, employ, log_in, post, until
from .test_login_throttle import address_of, fail_to_log_in, from_


@asynccontextmanager
async def writer_at_work(wall: Served) -> AsyncIterator[None]:
    """Every other write waits until this ends."""
    over = asyncio.Event()
    work = asyncio.create_task(wall.database.write(lambda _: over.wait()))
    yield
    over.set()
    await work


async def test_a_try_that_is_refused_does_not_take_the_writer(wall: Served) -> None:
    await fail_to_log_in(wall, address_of(wall, "127.0.0.1"))
    async with writer_at_work(wall):
        assert (await log_in(wall.client, "Ann", "wrong")).status_code == 429


async def test_a_post_does_not_wait_behind_a_crowd_that_logs_in(serve: Callable[..., Any]) -> None:
    wall = await serve(trusted_proxies=1, post_limit="")
    async with writer_at_work(wall):
        crowd = [
            asyncio.create_task(log_in(wall.client, f"Name {each}", "wrong", headers=from_(f"10.0.0.{each}")))
            for each in range(20)
        ]
        for _ in range(10):
            await wall.client.get("/login")
        posting = asyncio.create_task(post(wall.client))
        await wall.client.get("/login")
    assert (await posting).status_code == 201
    async with wall.database.reading() as session:
        written = await session.scalar(select(func.count()).select_from(LoginAttempt)) or 0
    # Two lines for each of those that came before it, or while it was answered; not for all of them.
    assert written < 2 * len(crowd)
    assert {answer.status_code for answer in await asyncio.gather(*crowd)} == {401}


async def test_a_crowd_that_logs_in_keeps_nobody_out(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither those who are known here, whatever strangers do, nor a stranger elsewhere, whatever one network does."""
    monkeypatch.setattr(passwords, "MOST_WAITING", 20)
    monkeypatch.setattr(passwords, "MOST_WAITING_OF_A_NETWORK", 5)
    wall = await serve(trusted_proxies=1)
    await employ(wall.database, "Ann", main="owner")
    known = Browser(wall)
    assert (await log_in(known, "Ann", headers=from_("192.0.2.1"))).status_code == 303
    for crowd, elsewhere in (("2001:db8:1:{:x}::1", True), ("10.0.{}.1", False)):
        trying = [
            asyncio.create_task(log_in(wall.client, f"Name {each}", "wrong", headers=from_(crowd.format(each))))
            for each in range(30)
        ]
        await until(lambda: wall.state.passwords.strangers._waiting)
        assert (await log_in(known, "Ann", headers=from_("192.0.2.1"))).status_code == 303
        if elsewhere:
            async with Browser(wall) as stranger:
                assert (await log_in(stranger, "Ann", headers=from_("192.0.2.7"))).status_code == 303
        assert 503 in {answer.status_code for answer in await asyncio.gather(*trying)}
    await known.aclose()
