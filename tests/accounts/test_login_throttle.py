"""Login throttling: guessing passwords is slow, and nobody who knows the password is locked out."""

import asyncio
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update

from feedback_app.accounts import passwords
from feedback_app.accounts.login_throttle import Subjects
from feedback_app.clock import now
from feedback_app.models import LoginAttempt
from feedback_app.server.retention import Retention

from ..support import OURS, PASSWORD, Browser, Served, employ, log_in

pytestmark = pytest.mark.engines


def from_(address: str) -> dict[str, str]:
    return {**OURS, "X-Forwarded-For": address}


async def fail_to_log_in(wall: Served, *subjects: str, times: int = 10, ago: timedelta = timedelta(seconds=5)) -> None:
    """Tries as they are written down, without the work that each costs."""
    rows = [{"subject": subject, "at": now() - ago} for subject in subjects for _ in range(times)]
    await wall.database.write(lambda session: session.execute(insert(LoginAttempt), rows))


def name_of(wall: Served, name: str) -> str:
    subjects: Subjects = wall.state.subjects
    return subjects.of(name, "")[0]


def address_of(wall: Served, address: str) -> str:
    subjects: Subjects = wall.state.subjects
    return subjects.of("", address)[1]


async def test_ten_guesses_a_minute_and_then_patience(wall: Served) -> None:
    """From one address, whatever names are tried, and whatever it says it is."""
    await employ(wall.database, "Ann")
    for each in range(10):
        answer = await log_in(wall.client, f"Name {each}", "wrong", headers=from_(f"10.0.0.{each}"))
        assert answer.status_code == 401
    answer = await log_in(wall.client, "Ann", headers=from_("10.0.0.99"))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "Try again in" in answer.text
    assert 'value="Ann"' in answer.text
    assert PASSWORD not in answer.text
    assert "set-cookie" not in answer.headers

    await wall.database.write(
        lambda session: session.execute(update(LoginAttempt).values(at=now() - timedelta(seconds=61)))
    )
    assert (await log_in(wall.client, "Ann")).status_code == 303


async def test_guesses_at_one_name_from_everywhere_are_counted_together(serve: Callable[..., Any]) -> None:
    """A thousand addresses, one account, in whatever case the name is written; two processes."""
    here, there = await serve(trusted_proxies=1), await serve(trusted_proxies=1)
    await employ(here.database, "Ann")
    await fail_to_log_in(here, name_of(here, "ann"), times=6)
    for each in range(4):
        client = (here, there)[each % 2].client
        answer = await log_in(client, ("Ann", "aNN")[each % 2], "wrong", headers=from_(f"10.0.0.{each}"))
        assert answer.status_code == 401
    for served in (here, there):
        assert (await log_in(served.client, "Ann", "wrong", headers=from_("10.9.9.9"))).status_code == 429
    assert (await log_in(here.client, "Bob", "wrong", headers=from_("10.9.9.9"))).status_code == 401


async def test_a_name_that_nobody_has_is_slowed_down_in_the_same_way(wall: Served) -> None:
    await employ(wall.database, "Ann")
    await fail_to_log_in(wall, name_of(wall, "ann"), name_of(wall, "nobody"))
    refused = [await log_in(wall.client, name, "wrong") for name in ("Ann", "Nobody")]
    assert [answer.status_code for answer in refused] == [429, 429]
    assert refused[0].text == refused[1].text.replace("Nobody", "Ann")


async def test_a_household_is_one_address(serve: Callable[..., Any]) -> None:
    """An IPv6 network of 64 bits."""
    wall = await serve(trusted_proxies=1)
    await fail_to_log_in(wall, address_of(wall, "2001:db8:1:2::1"))
    for address, status in (("2001:db8:1:2:ffff::9", 429), ("2001:db8:1:3::1", 401)):
        assert (await log_in(wall.client, "Ann", "wrong", headers=from_(address))).status_code == status


async def test_of_many_parallel_guesses_ten_are_checked(wall: Served) -> None:
    await employ(wall.database, "Ann")
    await fail_to_log_in(wall, name_of(wall, "ann"), times=6)
    answers = await asyncio.gather(*(log_in(wall.client, "Ann", "wrong") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [401] * 4 + [429] * 16


async def test_a_device_that_was_logged_in_before_is_let_in_under_attack(wall: Served) -> None:
    """A stranger locks nobody out."""
    await employ(wall.database, "Ann")
    await employ(wall.database, "Bob")
    async with Browser(wall) as hers, Browser(wall) as his, Browser(wall) as new:
        await log_in(hers, "Ann")
        await log_in(his, "Bob")
        await hers.post("/logout")
        await fail_to_log_in(wall, name_of(wall, "ann"), address_of(wall, "127.0.0.1"))

        assert (await log_in(new, "Ann")).status_code == 429
        assert (await log_in(his, "Ann")).status_code == 429, "His device is known for him only."
        new.cookies.set("feedback-device", hers.cookies["feedback-device"][:-1], domain="127.0.0.1")
        assert (await log_in(new, "Ann")).status_code == 429
        assert (await log_in(hers, "Ann")).status_code == 303

        assert (await log_in(hers, "Ann", "wrong")).status_code == 401
        async with wall.database.reading() as session:
            device = (await session.scalars(select(LoginAttempt.subject).order_by(LoginAttempt.id.desc()))).first()
        await fail_to_log_in(wall, str(device), times=9)
        assert (await log_in(hers, "Ann")).status_code == 429, "A stolen device guesses no faster."


async def test_a_successful_login_is_not_counted(wall: Served) -> None:
    """A class of moderators behind one address logs in without waiting."""
    await employ(wall.database, "Ann")
    await fail_to_log_in(wall, name_of(wall, "ann"), address_of(wall, "127.0.0.1"), times=9)
    for _ in range(3):
        async with Browser(wall) as browser:
            assert (await log_in(browser, "Ann")).status_code == 303


async def test_guessing_for_long_becomes_slower(wall: Served) -> None:
    await fail_to_log_in(wall, name_of(wall, "ann"), times=59, ago=timedelta(minutes=50))
    assert (await log_in(wall.client, "Ann", "wrong")).status_code == 401
    answer = await log_in(wall.client, "Ann", "wrong")
    assert answer.status_code == 429
    assert "Try again in 10 minutes" in answer.text


async def test_a_clock_that_was_put_back_locks_nobody_out(wall: Served) -> None:
    await employ(wall.database, "Ann")
    await fail_to_log_in(wall, name_of(wall, "ann"), times=100, ago=-timedelta(hours=3))
    assert (await log_in(wall.client, "Ann")).status_code == 303


async def test_in_a_session_the_old_password_is_guessed_no_faster_and_nobody_else_uses_it_up(wall: Served) -> None:
    ann = await employ(wall.database, "Ann")
    async with await Browser.of(wall, ann) as browser:
        await fail_to_log_in(wall, name_of(wall, "ann"), address_of(wall, "127.0.0.1"))
        new = {"password": "another four words", "password_again": "another four words"}
        assert (await browser.post("/settings/account", data={**new, "old_password": "wrong"})).status_code == 422
        await fail_to_log_in(wall, wall.state.subjects.of_session(1)[0], times=9)
        answer = await browser.post("/settings/account", data={**new, "old_password": PASSWORD})
        assert (answer.status_code, "Try again in" in answer.text) == (429, True)


async def test_tries_that_do_not_count_any_more_are_thrown_away(wall: Served) -> None:
    await fail_to_log_in(wall, "a", ago=timedelta(minutes=59), times=1)
    await fail_to_log_in(wall, "b", ago=timedelta(minutes=61), times=3)
    await Retention(wall.database, undo_days=7, keep_days=30).purge()
    async with wall.database.reading() as session:
        assert (await session.scalars(select(LoginAttempt.subject))).all() == ["a"]


@pytest.mark.slow
async def test_login_takes_the_same_time_whether_or_not_the_name_exists(serve: Callable[..., Any]) -> None:
    """The work for a name that nobody has differs by less than 20 % from that for a wrong password."""
    wall = await serve(trusted_proxies=1)
    for each in range(3):
        await employ(wall.database, f"Ann {each}")
    # To compress a page takes time that has nothing to do with it.
    wall.client.headers["Accept-Encoding"] = "identity"
    work: dict[str, list[float]] = {"Ann": [], "Nobody": []}
    for each in range(9):
        for name, times in work.items():
            began = time.process_time()
            answer = await log_in(
                wall.client, f"{name} {each % 3}", "wrong guess", headers=from_(f"10.1.{each}.{len(name)}")
            )
            times.append(time.process_time() - began)
            assert answer.status_code == 401
    known, unknown = (statistics.median(times[1:]) for times in work.values())
    print(f"known {known * 1000:.0f} ms, unknown {unknown * 1000:.0f} ms")
    assert abs(known - unknown) / max(known, unknown) < 0.2


@pytest.mark.slow
async def test_fifty_parallel_logins_take_two_hashes_of_memory_and_leave_the_wall_quick(
    process: Callable[..., Any],
) -> None:
    server = process(FEEDBACK_TRUSTED_PROXIES="1")

    def peak() -> int:
        with open(f"/proc/{server.process.pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))

    async with server.client() as client, server.client() as other:
        client.timeout = httpx.Timeout(110)
        await client.get("/walls/main")
        before = peak()
        logins = [
            asyncio.create_task(log_in(client, f"Name {each}", "x" * 100, headers=from_(f"10.0.0.{each}")))
            for each in range(50)
        ]
        waits = []
        while not all(login.done() for login in logins):
            for address in ("/healthz", "/walls/main"):
                began = time.monotonic()
                assert (await other.get(address)).status_code == 200
                waits.append(time.monotonic() - began)
            await asyncio.sleep(0.02)
        assert {login.result().status_code for login in logins} == {401}
    print(f"{peak() - before} MiB more at the peak; the slowest other answer took {max(waits) * 1000:.0f} ms")
    assert peak() - before < 200
    assert max(waits) < 1


async def test_more_than_can_wait_are_asked_to_come_again(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MOST_WAITING", 3)
    wall = await serve(trusted_proxies=1)
    answers = await asyncio.gather(
        *(log_in(wall.client, f"Name {each}", "wrong", headers=from_(f"10.0.0.{each}")) for each in range(8))
    )
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert {answer.status_code for answer in answers} == {401, 503}
    assert refused[0].headers["retry-after"] == "5"
    assert "Many people are logging in" in refused[0].text
    assert (await log_in(wall.client, "Name 0", "wrong", headers=from_("10.0.0.0"))).status_code == 401
