"""Acknowledged is stored: servers are killed while many post, and no post is lost or doubled."""

import asyncio
from collections.abc import Callable

import pytest

from ...support import Process
from ...support.crash_load import CrashLoad, Outcome


async def survived(server: Process, *, kills: int, posters: int, followers: int) -> Outcome:
    storm = CrashLoad([server], posters=posters, followers=followers)
    async with storm.running(must_hold=False):
        for _ in range(kills):
            await storm.more(25)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        await storm.more(40)
    assert storm.outcome is not None
    assert storm.troubles
    return storm.outcome


@pytest.mark.slow
@pytest.mark.every_engine
async def test_no_acknowledged_post_is_lost_or_doubled_when_everything_is_killed(
    process: Callable[..., Process],
) -> None:
    """`make storm` does it more often."""
    server = process(workers=2, FEEDBACK_DEFENCES="off", FEEDBACK_LOG="off")
    outcome = await survived(server, kills=3, posters=16, followers=4)
    assert outcome.is_good, outcome
    assert outcome.acknowledged >= 100


@pytest.mark.slow
async def test_the_storm_notices_a_server_that_answers_before_the_commit(process: Callable[..., Process]) -> None:
    """Its negative control."""
    server = process(program="tests.programs.answers_before_commit", FEEDBACK_DEFENCES="off", FEEDBACK_LOG="off")
    outcome = await survived(server, kills=4, posters=16, followers=0)
    assert outcome.lost > 0
