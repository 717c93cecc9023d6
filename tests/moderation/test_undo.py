"""Undo restores exactly the former state, once, and never over a later act."""

import pytest

from ..support import Served, words
from ..support.moderators import ModeratorClient, act_of, change, feedback, log, moderating, said, write

pytestmark = pytest.mark.engines


async def test_removed_words_are_on_no_screen_and_undo_brings_them_back(wall: Served, kim: ModeratorClient) -> None:
    """Requirement 23."""
    await write(wall, "Insult")
    removal = await kim.act("remove", 1)
    assert "Insult" not in removal.text
    assert "Removed by <bdi>Kim</bdi>" in removal.text
    for page in ("/walls/main", "/walls/main/frame", "/walls/main/feed.json", "/walls/main/feed.atom"):
        assert "Insult" not in (await wall.client.get(page)).text
    for query in ({}, {"show": "hidden"}, {"by": 1}, {"search": "Insult"}):
        assert 'id="feedback-1"' not in await kim.page(**query)
    changes = await kim.client.get("/walls/main/moderation/changes?after=0")
    assert "Insult" not in changes.text

    await kim.undo(act_of(removal))
    assert await words(wall.client) == ["Insult"]


async def test_undo_brings_back_exactly_what_was(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One")
    await kim.act("pin", 1)
    await kim.act("answer", 1, text="Thank you")
    before = (await feedback(wall, 1)).condition
    assert before["pinned_at"]
    assert before["answer"] == "Thank you"
    for verb, more in (("hide", {}), ("remove", {}), ("unpin", {}), ("answer", {"text": "Other words"})):
        answer = await kim.act(verb, 1, **more)
        assert (await feedback(wall, 1)).condition != before
        await kim.undo(act_of(answer))
        assert (await feedback(wall, 1)).condition == before

    await change(wall, 1, state="held", reason="links", pinned_at=None)
    held = (await feedback(wall, 1)).condition
    await kim.undo(act_of(await kim.act("publish", 1)))
    assert (await feedback(wall, 1)).condition == held


async def test_undo_does_nothing_where_somebody_has_acted_since(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One", "Two")
    hidden = act_of(await kim.act("hide", 1, 2))
    async with moderating(wall, "Robin") as robin:
        published = act_of(await robin.act("publish", 2))
        refused = await kim.undo(hidden)
        assert refused.status_code == 409
        assert said(refused) == "Robin has acted on this since (publish). Undo that first; nothing was undone."
        assert await words(wall.client) == ["Two"]

        await robin.undo(published)
        assert (await kim.undo(hidden)).status_code == 200
    assert await words(wall.client) == ["Two", "One"]


async def test_an_undo_is_done_once_and_is_not_undone_itself(wall: Served, kim: ModeratorClient) -> None:
    await write(wall, "One")
    hidden = act_of(await kim.act("hide", 1))
    await kim.undo(hidden)
    async with moderating(wall, "Robin") as robin:
        again = await robin.undo(hidden)
        assert (again.status_code, said(again)) == (200, "Kim has undone this already.")
    refused = await kim.undo(hidden + 1)
    assert (refused.status_code, "An undo is not undone" in said(refused)) == (409, True)
    assert len(await log(wall)) == 2
