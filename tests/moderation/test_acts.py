"""Acts of moderators: done to all or to none, written down, undone exactly, and only by those who may."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from feedback_app.models import Block, Wall

from ..support import OURS, Reader, Served, until, words
from ..support.moderators import (
    ModeratorClient,
    act_of,
    change,
    feedback,
    log,
    make_wall,
    moderating,
    said,
    stopped_everywhere,
    write,
)

pytestmark = pytest.mark.engines


async def test_hiding_takes_feedback_off_every_screen_and_publishing_brings_it_back(
    wall: Served, kim: ModeratorClient
) -> None:
    """Requirement 23."""
    await write(wall, "One", "Two")
    async with Reader(wall.port, "0") as reader:
        assert said(await kim.act("hide", 1)) == "Hidden."
        await until(lambda: reader.versions[-1:] == [3])
        assert reader.news[-1].data == '<hx-partial hx-target="#feedback-1" hx-swap="delete"></hx-partial>'
        assert await words(wall.client) == ["Two"]
        assert (await wall.client.get("/walls/main/feedback/1")).status_code == 404
        assert said(await kim.act("publish", 1)) == "Published."
        await until(lambda: reader.versions[-1:] == [4])
        assert "One" in reader.news[-1].data
    assert await words(wall.client) == ["Two", "One"]
    assert await log(wall) == [("Kim", "hide", [1]), ("Kim", "publish", [1])]


async def test_many_entries_are_one_act_with_one_undo(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, *(f"Post {each}" for each in range(6)))
    await kim.act("hide", 2)
    answer = await kim.act("hide", 1, 2, 3)
    assert said(answer) == "2 hidden. 1 already was."
    assert await words(wall.client) == ["Post 5", "Post 4", "Post 3"]

    assert (await kim.undo(act_of(answer))).status_code == 200
    assert await words(wall.client) == ["Post 5", "Post 4", "Post 3", "Post 2", "Post 0"]
    assert await log(wall) == [("Kim", "hide", [2]), ("Kim", "hide", [1, 3]), ("Kim", "undo", [1, 3])]


async def test_the_same_act_twice_changes_nothing_and_says_so(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One")
    for verb, more in (
        ("pin", {}),
        ("answer", {"text": "Hello"}),
        ("block-author", {}),
        ("hide", {}),
        ("remove", {}),
    ):
        assert (await kim.act(verb, 1, **more)).status_code == 200
        count = len(await log(wall))
        again = await kim.act(verb, 1, **more)
        assert (again.status_code, said(again)) == (200, "Nothing changed: it was so already.")
        assert len(await log(wall)) == count


@pytest.mark.parametrize("verb", ["publish", "hide", "pin", "unpin", "answer"])
async def test_what_somebody_else_has_just_removed_is_left_alone(wall: Served, kim: ModeratorClient, verb: str) -> None:
    await write(wall, "One", "Two")
    async with moderating(wall, "Robin") as robin:
        await robin.act("remove", 1)
        refused = await kim.act(verb, 2, 1, text="An answer")
    assert refused.status_code == 409
    assert said(refused) == "Feedback 1 has been removed by Robin. Undo that first; nothing was done."
    assert (await feedback(wall, 2)).condition["answer"] is None
    assert await log(wall) == [("Robin", "remove", [1])]


IMPOSSIBLE = [
    ({"verb": "delete", "feedback": "1"}, 422, "There is no such act."),
    ({"verb": "", "feedback": "1"}, 422, "There is no such act."),
    ({"verb": ["hide", "remove"], "feedback": "1"}, 422, "There is no such act."),
    ({"feedback": "1"}, 422, "There is no such act."),
    ({"verb": "hide"}, 422, "Tick at least one entry first."),
    ({"verb": "hide", "feedback": [str(each) for each in range(1, 1001)]}, 422, "1,000 entries, and 200"),
    ({"verb": "hide", "feedback": ["1", "999"]}, 404, "There is no such feedback on a wall of yours."),
    ({"verb": "hide", "feedback": ["1", "x"]}, 404, "There is no such feedback on a wall of yours."),
    ({"verb": "hide", "feedback": ["1", "-1"]}, 404, "There is no such feedback on a wall of yours."),
    ({"verb": "hide", "feedback": ["1", "9" * 40]}, 404, "There is no such feedback on a wall of yours."),
    ({"verb": "hide", "feedback": ["1", "\u0661"]}, 404, "There is no such feedback on a wall of yours."),
    ({"verb": "hide", "feedback": ["1", str(2**63)]}, 404, "There is no such feedback on a wall of yours."),
    ({"verb": "answer", "feedback": "1"}, 422, "Send the words of the answer along"),
    ({"verb": "answer", "feedback": "1", "text": "x" * 2001}, 422, "This is too long by 1"),
    ({"verb": "undo"}, 422, "Say which one act is to be undone."),
    ({"verb": "undo", "act": ["1", "2"]}, 422, "Say which one act is to be undone."),
    ({"verb": "undo", "act": "77"}, 404, "There is no such feedback on a wall of yours."),
]


async def test_what_cannot_be_is_a_clear_sentence_and_nothing_is_done(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One")
    for fields, status, sentence in IMPOSSIBLE:
        for headers in (OURS, {**OURS, "HX-Request": "true"}):
            answer = await kim.client.post("/moderation/acts", data=fields, headers=headers)
            assert answer.status_code == status, fields
            assert sentence in said(answer), fields
            assert await words(wall.client) == ["One"], fields
            assert await log(wall) == [], fields


async def test_feedback_of_a_wall_that_is_not_mine_is_the_same_as_none(wall: Served, kim: ModeratorClient) -> None:
    """Requirement 44."""
    await write(wall, "One")
    await make_wall(wall, "other")
    async with moderating(wall, "Robin", "other") as robin:
        hidden = act_of(await kim.act("hide", 1))
        for answer, nothing in (
            (await robin.act("publish", 1), await robin.act("publish", 9)),
            (await robin.act("answer", 1, text="x"), await robin.act("answer", 9, text="x")),
            (await robin.undo(hidden), await robin.undo(99)),
        ):
            assert (answer.status_code, answer.text) == (404, nothing.text)
    assert await words(wall.client) == []


async def test_entries_of_two_walls_are_acted_on_one_wall_at_a_time(wall: Served) -> None:
    await make_wall(wall, "other")
    await write(wall, "One")

    async def write_there(session: Any) -> None:
        other = (await session.scalars(Wall.locked("other"))).one()
        session.add(other.receive(name="Ann", text="There", author="a"))

    await wall.database.write(write_there)
    async with moderating(wall, "Robin", "main", "other") as robin:
        refused = await robin.act("hide", 1, 2)
        assert (refused.status_code, "one wall at a time" in said(refused)) == (409, True)
    async with moderating(wall, "Kim") as kim:
        assert (await kim.act("hide", 1, 2)).status_code == 404
    assert await words(wall.client) == ["One"]


async def test_three_are_pinned_and_a_fourth_is_not(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, *"12345")
    first = act_of(await kim.act("pin", 1))
    await kim.act("pin", 2, 3)
    refused = await kim.act("pin", 4)
    assert (refused.status_code, "3 pinned entries at most" in said(refused)) == (409, True)
    # One that is hidden is not pinned any more, and comes back to its place when there is one.
    hidden = act_of(await kim.act("hide", 2))
    assert (await kim.act("pin", 4)).status_code == 200
    assert (await kim.undo(hidden)).status_code == 409
    await kim.act("unpin", 4)
    assert (await kim.undo(hidden)).status_code == 200
    assert (await feedback(wall, 2)).pinned_at is not None
    assert (await kim.undo(first)).status_code == 200
    assert (await feedback(wall, 1)).pinned_at is None
    await change(wall, 5, state="held")
    assert "is not public" in said(await kim.act("pin", 5))


async def test_blocking_is_of_the_author_and_can_be_undone(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One", "Two")
    answer = await kim.act("block-author", 1, 2)
    assert said(answer) == "The author is blocked. 1 already was."
    async with wall.database.reading() as session:
        assert len((await session.scalars(select(Block))).all()) == 1
    # What becomes of the entry itself is another matter.
    await kim.act("hide", 1)
    async with moderating(wall, "Robin") as robin:
        allowed = act_of(await robin.act("unblock-author", 2))
        assert "Robin has acted on this since (unblock-author)" in said(await kim.undo(act_of(answer)))
        await robin.undo(allowed)
    assert (await kim.undo(act_of(answer))).status_code == 200
    async with wall.database.reading() as session:
        assert (await session.scalars(select(Block))).all() == []


async def test_an_author_of_long_ago_cannot_be_blocked(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One")
    await change(wall, 1, created_at=datetime.now(UTC) - timedelta(days=2))
    refused = await kim.act("block-author", 1)
    assert (refused.status_code, "cannot be told apart any more" in said(refused)) == (409, True)


async def test_a_plain_form_leads_back_to_where_it_was_and_offers_undo_there(
    wall: Served, kim: ModeratorClient
) -> None:
    await write(wall, "One")
    page = f"http://127.0.0.1:{wall.port}/walls/main/moderation?show=public&search=One"
    for verb, sentence in (("hide", "Hidden."), ("hide", "Nothing changed: it was so already.")):
        answer = await kim.client.post(
            "/moderation/acts", data={"verb": verb, "feedback": "1"}, headers={**OURS, "Referer": page}
        )
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/walls/main/moderation?show=public&search=One&")
        shown = await kim.client.get(answer.headers["location"])
        assert said(shown) == sentence
        assert ('value="undo"' in shown.text) == (sentence == "Hidden.")
    elsewhere = await kim.client.post(
        "/moderation/acts",
        data={"verb": "publish", "feedback": "1"},
        headers={**OURS, "Referer": "https://evil.example/walls/other?next=//evil"},
    )
    assert elsewhere.headers["location"] == "/walls/main/moderation?act=2"


async def test_words_that_came_with_a_refused_answer_are_given_back(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One")
    refused = await kim.act_plainly("answer", 1, text="y" * 2001)
    assert refused.status_code == 422
    assert "y" * 2001 in refused.text


async def test_two_moderators_at_once_have_one_effect_and_one_line_in_the_log(
    wall: Served, kim: ModeratorClient
) -> None:
    """M1 of the attack cases."""
    await write(wall, *(f"{each}" for each in range(3)))
    async with moderating(wall, "Robin") as robin:
        for verb in ("pin", "hide", "remove"):
            answers = await asyncio.gather(*(each.act(verb, 1, 2) for each in (kim, robin) * 4))
            assert {answer.status_code for answer in answers} == {200}
            assert sum("Nothing changed" not in said(answer) for answer in answers) == 1
        hidden = [act for act in await log(wall) if act[1] == "remove"]
        assert hidden == [(hidden[0][0], "remove", [1, 2])]
        undone = await asyncio.gather(*(each.undo(3) for each in (kim, robin) * 4))
        assert sum(said(answer).startswith("Undone.") for answer in undone) == 1
    assert [verb for _, verb, _ in await log(wall)] == ["pin", "hide", "remove", "undo"]


async def test_an_act_is_written_down_with_its_effect_or_neither_is(wall: Served, kim: ModeratorClient) -> None:
    """Requirement 16: whatever stops the transaction before its commit leaves nothing of it."""
    await write(wall, "One")
    before = (await feedback(wall, 1)).condition

    def fail(*_: Any) -> None:
        raise OSError("The disk is gone.")

    for verb, more in (("hide", {}), ("remove", {}), ("pin", {}), ("answer", {"text": "x"}), ("block-author", {})):
        event.listen(wall.database.write_engine.sync_engine, "commit", fail)
        try:
            assert (await kim.act(verb, 1, **more)).status_code == 503
        finally:
            event.remove(wall.database.write_engine.sync_engine, "commit", fail)
        assert (await feedback(wall, 1)).condition == before
        assert await log(wall) == []
        async with wall.database.reading() as session:
            assert (await session.scalars(select(Block))).all() == []
    assert (await kim.act("hide", 1)).status_code == 200


async def test_wherever_an_act_is_stopped_nothing_of_it_is_left(wall: Served, kim: ModeratorClient) -> None:
    """Requirement 16: stopped before each of its statements in turn, until there is none left to stop it at."""
    await write(wall, "One", "Two")

    async def look() -> Any:
        return [(await feedback(wall, each)).condition for each in (1, 2)], await log(wall)

    assert await stopped_everywhere(wall.database, lambda: kim.act("hide", 1, 2), look) > 4
    assert await log(wall) == [("Kim", "hide", [1, 2])]


async def test_an_act_whose_session_has_ended_travels_through_the_login(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One", "Two")
    kim.client.cookies.clear()
    answer = await kim.act_plainly("answer", 1, 2, text="A long answer")
    assert answer.status_code == 401
    kept = re.findall(r'<textarea name="kept\.(\w+)" hidden>\n([^<]*)<', answer.text)
    assert [pair for pair in kept if pair[0] == "feedback"] == [("feedback", "1"), ("feedback", "2")]
    assert ("verb", "answer") in kept
    assert ("text", "A long answer") in kept
    assert await log(wall) == []
