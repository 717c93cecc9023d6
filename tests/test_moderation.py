"""The desk: what waits, found from an index however much it is, and live for every moderator of the wall and nobody
else."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from feedback_app.clock import now
from feedback_app.live import rights
from feedback_app.models import Membership, Wall
from feedback_app.models import desk as desk_models

from .moderating import Desk, make_wall, moderating
from .plans import gather_statistics, index_in, plan_of, prefer_indexes, questions_about
from .support import HTMX, NO_CERTIFICATES, OURS, Reader, Served, post, until


@pytest.fixture
async def kim(wall: Served) -> AsyncIterator[Desk]:
    async with moderating(wall, "Kim") as desk:
        yield desk


async def fill(wall: Served, *states: str, slug: str = "main", author: str = "a", words: str = "Entry") -> None:
    """Entries in these states, one after the other."""

    async def work(session: Any) -> None:
        found = (await session.scalars(Wall.locked(slug))).one()
        for number, state in enumerate(states, 1):
            entry = found.receive(
                name=f"{words} {number}", text=words, author=author, reason="all" if state == "held" else None
            )
            entry.state = state
            session.add(entry)

    await wall.database.write(work)


async def test_what_waits_comes_first_then_the_newest(wall: Served, kim: Desk) -> None:
    await fill(wall, "held", "public", "hidden", "held", "removed", "public")
    assert list((await kim.states()).items()) == [(4, "held"), (1, "held"), (6, "public"), (2, "public")]
    assert list(await kim.states(show="waiting")) == [4, 1]
    assert list(await kim.states(show="public")) == [6, 2]
    assert list(await kim.states(show="hidden")) == [3]
    counts = dict(re.findall(r'id="count-(\w+)">([^<]*)<', await kim.page()))
    assert counts == {"held": "2", "public": "2", "hidden": "1"}


async def test_each_entry_says_why_it_waits(wall: Served, kim: Desk) -> None:
    async def work(session: Any) -> None:
        found = (await session.scalars(Wall.locked("main"))).one()
        for reason in ("all", "first", "links"):
            session.add(found.receive(name="Ann", text="x", author="a", reason=reason))

    await wall.database.write(work)
    page = await kim.page()
    for sentence in ("everything is held here", "first time here", "has a link"):
        assert f"Waiting: {sentence}" in page


async def test_older_entries_are_a_page_further(wall: Served, kim: Desk) -> None:
    await fill(wall, *["held"] * 65)
    seen: list[int] = []
    address = "/walls/main/moderation?show=waiting"
    while address:
        page = (await kim.client.get(address)).text
        seen += [int(each) for each in re.findall(r'<article class="entry" id="feedback-(\d+)"', page)]
        older = re.search(r'href="([^"]+)">Older ones<', page)
        address = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == list(range(65, 0, -1))


async def test_one_author_is_looked_at_alone(wall: Served, kim: Desk) -> None:
    await fill(wall, "held", "public", "removed", author="a")
    await fill(wall, "hidden", author="b")
    await fill(wall, *["public"] * 35, author="a")
    assert list(await kim.states(by=4)) == [4]
    first = list(await kim.states(by=1))
    older = list(await kim.states(by=1, before=first[-1]))
    assert first + older == [*range(39, 4, -1), 2, 1]
    await make_wall(wall, "other")
    await fill(wall, "public", slug="other", author="a")
    assert 40 not in await kim.states(by=1)
    assert await kim.states(by=40) == {}


SEARCHED = [
    ("100%", [1]),
    ("50_50", [2]),
    ("a\\b", [3]),
    ("HELLO", [4]),
    ("ÄRGER", [5]),
    ("straße", [6]),
    ("%", [1]),
    ("_", [2]),
    ("nothing", []),
    ("Ann", [6, 5, 4, 3, 2, 1]),
    ("x" * 500, []),
    ("a\x00b", []),
    ("' OR 1=1 --", []),
]


async def test_searching_finds_the_words_themselves(wall: Served, kim: Desk) -> None:
    for each in ("100% sure", "50_50 chance", "a\\b", "hello there", "Ärger", "Straße"):
        await post(wall.client, text=each)
    for words, found in SEARCHED:
        assert list(await kim.states(search=words)) == found, words


async def test_searching_looks_at_so_many_and_asks_whether_to_go_on(
    wall: Served, kim: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_models, "SEARCHED", 10)
    await fill(wall, "public", words="Needle")
    await fill(wall, *["public"] * 25, words="Hay")
    address, pages = "/walls/main/moderation?search=needle", 0
    while 'id="feedback-1"' not in (page := (await kim.client.get(address)).text):
        further = re.search(r'href="([^"]+)">Search older ones<', page)
        assert further is not None
        address, pages = further.group(1).replace("&amp;", "&"), pages + 1
    assert pages == 2


IMPOSSIBLE = ["show=none", "before=x", "before=-1", "by=x", "by=" + "9" * 40, "before=" + "9" * 18, "search=%FF%00"]


async def test_a_query_that_cannot_be_is_left_out(wall: Served, kim: Desk) -> None:
    await fill(wall, "held", "public")
    for query in IMPOSSIBLE:
        assert (await kim.client.get(f"/walls/main/moderation?{query}")).status_code == 200, query


async def test_words_are_shown_as_text_to_moderators_too(wall: Served, kim: Desk) -> None:
    """Requirement 33, X1: the views of moderators are the prime target."""
    for words in ("<script>alert(1)</script>", '"><svg/onload=alert(1)>', "{{7*7}}", "' onmouseover='x", "<!--"):
        await post(wall.client, name=words, text=words)
    await kim.act("answer", 1, text="<script>alert(2)</script>")
    await kim.act("hide", 2)
    pages = [await kim.page(), await kim.page(show="hidden"), await kim.page(search="<script>")]
    pages.append((await kim.client.get("/walls/main/moderation/log")).text)
    pages.append((await kim.client.get("/walls/main/moderation/changes?after=0")).text)
    for page in pages:
        assert "<script>alert" not in page
        assert "<svg" not in page
        assert "49" not in re.sub(r"<[^>]*>", "", page)


async def test_every_question_of_the_desk_is_answered_from_an_index(wall: Served) -> None:
    """On every database, and without sorting, so that the first page costs the same however much waits."""

    await make_wall(wall, "other")

    async def work(session: Any) -> None:
        walls = [(await session.scalars(Wall.locked(slug))).one() for slug in ("main", "other")]
        for number in range(1500):
            entry = walls[number % 5 > 0].receive(name="Ann", text="x", author=f"a{number % 50}", reason="all")
            entry.state = ("held", "public", "hidden")[number % 3]
            session.add(entry)

    await wall.database.write(work)
    await gather_statistics(wall.database, "feedback")
    faults = {}
    async with wall.database.reading() as session:
        await prefer_indexes(session)
        for name, (statement, index) in questions_about(1, middle=1400, latest=290, author="a5").items():
            plan = await plan_of(statement, session)
            if not index_in(plan, "feedback", index):
                faults[name] = plan
    assert faults == {}


async def test_moderators_see_each_others_work_and_the_counters_move(wall: Served, kim: Desk) -> None:
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


async def test_what_is_held_is_never_heard_of_in_public(wall: Served, kim: Desk) -> None:
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
    """Listens to a desk's stream with somebody's session."""

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


def desk_reader(wall: Served, desk: Desk, after: str) -> DeskReader:
    return DeskReader(wall.port, after, desk.token)


async def test_a_stranger_a_logged_out_tab_and_another_walls_moderator_hear_nothing(wall: Served, kim: Desk) -> None:
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
    wall: Served, kim: Desk, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement 46, for streams: within seconds, and without a word more."""
    assert rights.SECONDS <= 2
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
            monkeypatch.setattr(rights, "now", _tomorrow)
        await until(lambda: reader.ended, 6)
        assert [event.event for event in reader.events] == ["ended"]
        if how != "idle":
            await post(wall.client)
            await until(lambda: other.news)
            assert not other.ended
        assert reader.news == []


def _tomorrow() -> Any:
    return now() + timedelta(days=1)


async def test_a_moderator_sees_all_their_walls_and_what_waits_there(wall: Served, kim: Desk) -> None:
    await make_wall(wall, "other")
    await make_wall(wall, "nobodys")
    await fill(wall, "held", "held", slug="other")
    await fill(wall, *["held"] * 5, slug="nobodys")
    async with moderating(wall, "Robin", "main", "other") as robin:
        for address in ("/moderation", "/moderation/walls"):
            page = (await robin.client.get(address)).text
            assert "2 waiting" in page
            assert "0 waiting" in page
            assert "nobodys" not in page
            assert "5 waiting" not in page
    async with moderating(wall, "Nobody", "main") as nobody:

        async def demote(session: Any) -> None:
            await session.delete((await session.scalars(Membership.of(nobody.number, 1))).one())

        await wall.database.write(demote)
        assert "You moderate no wall yet" in (await nobody.client.get("/moderation")).text


async def test_the_pages_of_the_desk_are_for_one_person_and_no_frame(wall: Served, kim: Desk) -> None:
    """Requirement 49."""
    for address in ("/moderation", "/walls/main/moderation", "/walls/main/moderation/log"):
        answer = await kim.client.get(address)
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_a_page_that_is_too_far_behind_is_told_to_fetch_itself_anew(wall: Served, kim: Desk) -> None:
    await fill(wall, *["held"] * 600)
    news = await kim.client.get("/walls/main/moderation/changes?after=0")
    assert 'hx-swap="reload"' in news.text
    assert news.headers["wall-version"] == "600"
