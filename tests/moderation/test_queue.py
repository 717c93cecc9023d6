"""The moderation queue: waiting entries, read by an index."""

import re
from typing import Any

import pytest

from feedback_app.models import Membership, Wall
from feedback_app.models import moderation_queue as desk_models

from ..support import Served, post
from ..support.databases.query_plans import gather_statistics, index_in, plan_of, prefer_indexes, questions_about
from ..support.moderators import ModeratorClient, fill, make_wall, moderating

pytestmark = pytest.mark.engines


async def test_what_waits_comes_first_then_the_newest(wall: Served, kim: ModeratorClient) -> None:
    await fill(wall, "held", "public", "hidden", "held", "removed", "public")
    assert list((await kim.states()).items()) == [(4, "held"), (1, "held"), (6, "public"), (2, "public")]
    assert list(await kim.states(show="waiting")) == [4, 1]
    assert list(await kim.states(show="public")) == [6, 2]
    assert list(await kim.states(show="hidden")) == [3]
    counts = dict(re.findall(r'id="count-(\w+)">([^<]*)<', await kim.page()))
    assert counts == {"held": "2", "public": "2", "hidden": "1"}


async def test_each_entry_says_why_it_waits(wall: Served, kim: ModeratorClient) -> None:
    async def work(session: Any) -> None:
        found = (await session.scalars(Wall.locked("main"))).one()
        for reason in ("all", "first", "links"):
            session.add(found.receive(name="Ann", text="x", author="a", reason=reason))

    await wall.database.write(work)
    page = await kim.page()
    for sentence in ("Needs review", "Needs review: first time here", "Needs review: has a link"):
        assert f">{sentence}<" in page


async def test_older_entries_are_a_page_further(wall: Served, kim: ModeratorClient) -> None:
    await fill(wall, *["held"] * 65)
    seen: list[int] = []
    address = "/walls/main/moderation?show=waiting"
    while address:
        page = (await kim.client.get(address)).text
        seen += [int(each) for each in re.findall(r'<article class="entry"\s+id="feedback-(\d+)"', page)]
        older = re.search(r'href="([^"]+)">Older ones<', page)
        address = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == list(range(65, 0, -1))


async def test_one_author_is_looked_at_alone(wall: Served, kim: ModeratorClient) -> None:
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


async def test_searching_finds_the_words_themselves(wall: Served, kim: ModeratorClient) -> None:
    for each in ("100% sure", "50_50 chance", "a\\b", "hello there", "Ärger", "Straße"):
        await post(wall.client, text=each)
    for words, found in SEARCHED:
        assert list(await kim.states(search=words)) == found, words


async def test_searching_looks_at_so_many_and_asks_whether_to_go_on(
    wall: Served, kim: ModeratorClient, monkeypatch: pytest.MonkeyPatch
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


async def test_a_query_that_cannot_be_is_left_out(wall: Served, kim: ModeratorClient) -> None:
    await fill(wall, "held", "public")
    for query in IMPOSSIBLE:
        assert (await kim.client.get(f"/walls/main/moderation?{query}")).status_code == 200, query


async def test_words_are_shown_as_text_to_moderators_too(wall: Served, kim: ModeratorClient) -> None:
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
            # The few that are pinned are put in order once they are found.
            plan = "\n".join(line for line in plan.splitlines() if not line.startswith("<derived"))
            if not index_in(plan, "feedback", index):
                faults[name] = plan
    assert faults == {}


async def test_a_moderator_sees_all_their_walls_and_what_waits_there(wall: Served, kim: ModeratorClient) -> None:
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


async def test_the_pages_of_the_desk_are_for_one_person_and_no_frame(wall: Served, kim: ModeratorClient) -> None:
    """Requirement 49."""
    for address in ("/moderation", "/walls/main/moderation", "/walls/main/moderation/log"):
        answer = await kim.client.get(address)
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
