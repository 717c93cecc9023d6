"""The index of a moderator's walls: live by one stream for all of them, and for nobody whose walls they are not."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from feedback_app.clock import now
from feedback_app.live import access
from feedback_app.models import Membership

from ..support import OURS, Reader, Served, post, until
from ..support.moderators import ModeratorClient, arrange, make_wall, moderating

COUNTS = re.compile(r'href="/walls/([^/]+)/moderation".*?(\d+) waiting.*?(\d+) on the wall.*?(\d+) hidden', re.DOTALL)


class IndexReader(Reader):
    """Reads the stream of a moderator's index."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(port)
        self.token = token

    async def __aenter__(self) -> "IndexReader":
        self.stream, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        cookie = f"Cookie: feedback={self.token}\r\n" if self.token else ""
        self.writer.write(f"GET /moderation/live HTTP/1.1\r\nHost: x\r\n{cookie}\r\n".encode())
        head = (await self.stream.readuntil(b"\r\n\r\n")).decode()
        self.status, self.headers = int(head.split()[1]), head.lower()
        self.task = asyncio.create_task(self._listen())
        return self

    @property
    def counts(self) -> dict[str, tuple[str, ...]]:
        """The last received counts of each wall: waiting, public, hidden."""
        found = (COUNTS.findall(event.data) for event in self.events)
        return {slug: tuple(counts) for each in found for slug, *counts in each}


@pytest.fixture
async def kim(wall: Served) -> AsyncIterator[ModeratorClient]:
    await make_wall(wall, "other")
    await make_wall(wall, "nobodys")
    async with moderating(wall, "Kim", "main", "other") as desk:
        yield desk


async def give(wall: Served, desk: ModeratorClient, slug: str, role: str | None = "moderator") -> None:
    """A role on one more wall, or none any more."""

    async def work(session: Any) -> None:
        number = {"main": 1, "other": 2, "nobodys": 3}[slug]
        if role:
            session.add(Membership(moderator_id=desk.number, wall_id=number, role=role))
        else:
            await session.delete((await session.scalars(Membership.of(desk.number, number))).one())

    await wall.database.write(work)


async def test_the_counters_of_all_walls_move_by_one_stream(wall: Served, kim: ModeratorClient) -> None:
    await arrange(wall, "main", hold="all")
    async with IndexReader(wall.port, kim.token) as reader, IndexReader(wall.port, kim.token) as other_tab:
        await until(lambda: reader.counts == {"main": ("0", "0", "0"), "other": ("0", "0", "0")})
        await post(wall.client, text="Words that wait")
        await until(lambda: reader.counts["main"] == ("1", "0", "0"))
        await kim.act("publish", 1)
        await until(lambda: reader.counts["main"] == ("0", "1", "0"))
        await kim.act("hide", 1)
        for each in (reader, other_tab):
            await until(lambda each=each: each.counts["main"] == ("0", "0", "1"))
            assert each.counts["other"] == ("0", "0", "0")
            assert "Words" not in "".join(event.data for event in each.events)


async def test_a_stranger_and_who_has_no_wall_hear_nothing(wall: Served, kim: ModeratorClient) -> None:
    for token in ("", "wrong"):
        async with IndexReader(wall.port, token) as reader:
            assert reader.status == 404
    await give(wall, kim, "main", None)
    await give(wall, kim, "other", None)
    async with IndexReader(wall.port, kim.token) as reader:
        assert reader.status == 404
    assert "You moderate no wall yet" in (await kim.client.get("/moderation/walls")).text


@pytest.mark.parametrize("how", ["logged out", "idle", "demoted"])
async def test_who_may_not_listen_any_more_is_cut_off(
    wall: Served, kim: ModeratorClient, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement 46, for the index: within seconds, and without a word more."""
    async with (
        moderating(wall, "Robin") as robin,
        IndexReader(wall.port, kim.token) as reader,
        IndexReader(wall.port, robin.token) as other,
    ):
        await until(lambda: reader.counts)
        if how == "logged out":
            await kim.client.post("/logout", headers=OURS)
        elif how == "demoted":
            await give(wall, kim, "main", None)
            await give(wall, kim, "other", None)
        else:
            monkeypatch.setattr(access, "now", lambda: now() + timedelta(days=1))
        await until(lambda: reader.ended, 6)
        assert [event.event for event in reader.events[2:]] == ["ended"]
        if how != "idle":
            await post(wall.client)
            await until(lambda: other.counts["main"] == ("0", "1", "0"))
        assert reader.counts["main"] == ("0", "0", "0")


@pytest.mark.parametrize(("slug", "role"), [("nobodys", "moderator"), ("other", None)])
async def test_whose_walls_are_others_is_told_the_list_anew(
    wall: Served, kim: ModeratorClient, slug: str, role: str | None
) -> None:
    async with IndexReader(wall.port, kim.token) as reader:
        await until(lambda: reader.counts)
        await give(wall, kim, slug, role)
        await until(lambda: reader.ended, 6)
        assert reader.events[-1].event == "closing"
    async with IndexReader(wall.port, kim.token) as reader:
        await until(lambda: reader.counts)
        assert (slug in reader.counts) is (role is not None)


async def test_a_title_and_an_address_that_change_are_told(wall: Served, kim: ModeratorClient) -> None:
    await give(wall, kim, "main", None)
    await give(wall, kim, "main", "owner")
    async with IndexReader(wall.port, kim.token) as reader:
        await until(lambda: reader.counts)
        await kim.client.post("/settings/walls/main/address", data={"slug": "retro"}, headers=OURS)
        await until(lambda: "retro" in reader.counts)
        assert 'hx-target="#desk-1"' in reader.events[-1].data


async def test_a_server_that_stops_ends_the_stream_once(wall: Served, kim: ModeratorClient) -> None:
    async with IndexReader(wall.port, kim.token) as reader:
        await until(lambda: reader.counts)
        wall.state.hub.close()
        await until(lambda: reader.ended)
        assert [event.event for event in reader.events[2:]] == ["closing"]
    assert wall.state.hub.listening("index") == []
