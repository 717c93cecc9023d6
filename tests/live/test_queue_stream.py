"""The stream of the moderation queue: open to moderators of the wall only."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from feedback_app.clock import now
from feedback_app.live import access
from feedback_app.models import Membership

from ..support import HTMX, NO_CERTIFICATES, OURS, Reader, Served, post, until
from ..support.moderators import ModeratorClient, arrange, fill, make_wall, moderating

pytestmark = pytest.mark.engines


async def test_moderators_see_each_others_work_and_the_counters_move(wall: Served, kim: ModeratorClient) -> None:
    await fill(wall, "held", "public")
    async with moderating(wall, "Robin") as robin, desk_reader(wall, robin, "2") as reader:
        await kim.act("publish", 1)
        await until(lambda: reader.news)
        assert reader.versions == [3]
        assert 'data-state="public"' in reader.news[0].data
        assert "published by <bdi>Kim</bdi>" in reader.news[0].data
        assert re.search(r'hx-target="#count-held"[^>]*>0<', reader.news[0].data)
        assert re.search(r'hx-target="#count-public"[^>]*>2<', reader.news[0].data)
        await post(wall.client, text="New")
        await until(lambda: reader.versions == [3, 4])
        poll = await robin.client.get("/walls/main/moderation/changes?after=2", headers=HTMX)
        assert poll.headers["wall-version"] == "4"
        assert "New" in poll.text
        assert (await robin.client.get("/walls/main/moderation/changes?after=4")).status_code == 204


async def test_the_desk_is_in_english_also_where_it_changes(wall: Served, kim: ModeratorClient) -> None:
    await arrange(wall, language="de")
    await fill(wall, "held")
    dates = re.compile(r'<time\s+datetime="[^"]*">([^<]*)</time>')
    (written,) = dates.findall(await kim.page())
    assert re.fullmatch(r"\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC", written)  # In German there would be a full stop.
    async with desk_reader(wall, kim, "1") as reader:
        assert dates.findall((await kim.act("publish", 1)).text) == [written]
        await until(lambda: reader.news)
        assert dates.findall(reader.news[0].data) == [written]


async def test_what_is_held_is_never_heard_of_in_public(wall: Served, kim: ModeratorClient) -> None:
    """Requirement 23, and the contract: what was never public is never heard of, not even its number."""
    async with Reader(wall.port, "0") as reader, desk_reader(wall, kim, "0") as desk:
        await fill(wall, "held", words="Secret")
        await kim.act("answer", 1, text="Secret answer")
        await kim.act("hide", 1)
        await kim.act("remove", 1)
        await until(lambda: desk.versions[-1:] == [4])
        await post(wall.client, text="Public")
        await until(lambda: reader.news)
    assert reader.versions == [1]
    assert "Secret" not in "".join(event.data for event in reader.events)
    assert "feedback-1" not in "".join(event.data for event in reader.events)
    assert "Secret" not in (await wall.client.get("/walls/main/changes?after=0")).text


class DeskReader(Reader):
    """Reads a queue's stream with a session."""

    def __init__(self, port: int, after: str, token: str) -> None:
        super().__init__(port, after, slug="main/moderation")
        self.token = token

    async def __aenter__(self) -> "DeskReader":
        self.stream, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        cookie = f"Cookie: other=1; feedback={self.token}\r\n" if self.token else ""
        self.writer.write(
            f"GET /walls/{self.slug}/live?after={self.after} HTTP/1.1\r\nHost: x\r\n{cookie}\r\n".encode()
        )
        head = (await self.stream.readuntil(b"\r\n\r\n")).decode()
        self.status, self.headers = int(head.split()[1]), head.lower()
        self.task = asyncio.create_task(self._listen())
        return self


def desk_reader(wall: Served, desk: ModeratorClient, after: str) -> DeskReader:
    return DeskReader(wall.port, after, desk.token)


async def test_a_stranger_a_logged_out_tab_and_another_walls_moderator_hear_nothing(
    wall: Served, kim: ModeratorClient
) -> None:
    """Requirement 44."""
    await make_wall(wall, "other")
    async with moderating(wall, "Robin", "other") as robin:
        for token in ("", "wrong", robin.token):
            async with DeskReader(wall.port, "0", token) as reader:
                assert reader.status == 404
        assert (await robin.client.get("/walls/main/moderation")).status_code == 404
        assert (await robin.client.get("/walls/main/moderation/changes?after=0")).status_code == 404
        assert (await robin.client.get("/walls/main/moderation/log")).status_code == 404
        assert (await robin.client.get("/walls/main/moderation/log.csv")).status_code == 404
    async with httpx.AsyncClient(base_url=wall.client.base_url, verify=NO_CERTIFICATES) as stranger:
        assert (await stranger.get("/walls/main/moderation")).status_code == 303
        assert (await stranger.get("/walls/main/moderation/changes?after=0", headers=HTMX)).status_code == 401
        form = {"verb": "hide", "feedback": "1"}
        assert (await stranger.post("/moderation/acts", data=form, headers=OURS)).status_code == 401


@pytest.mark.parametrize("how", ["logged out", "demoted", "idle"])
async def test_who_may_not_listen_any_more_is_cut_off(
    wall: Served, kim: ModeratorClient, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement 46, for streams: within seconds, and without a word more."""
    assert access.SECONDS <= 2
    async with (
        moderating(wall, "Robin") as robin,
        desk_reader(wall, kim, "0") as reader,
        desk_reader(wall, robin, "0") as other,
    ):
        if how == "logged out":
            await kim.client.post("/logout", headers=OURS)
        elif how == "demoted":

            async def demote(session: Any) -> None:
                membership = (await session.scalars(Membership.of(kim.number, 1))).one()
                await session.delete(membership)

            await wall.database.write(demote)
        else:
            monkeypatch.setattr(access, "now", _tomorrow)
        await until(lambda: reader.ended, 6)
        assert [event.event for event in reader.events] == ["heartbeat", "ended"]
        if how != "idle":
            await post(wall.client)
            await until(lambda: other.news)
            assert not other.ended
        assert reader.news == []


def _tomorrow() -> Any:
    return now() + timedelta(days=1)


async def test_a_page_that_is_too_far_behind_is_told_to_fetch_itself_anew(wall: Served, kim: ModeratorClient) -> None:
    await fill(wall, *["held"] * 600)
    news = await kim.client.get("/walls/main/moderation/changes?after=0")
    assert 'hx-swap="reload"' in news.text
    assert news.headers["wall-version"] == "600"
