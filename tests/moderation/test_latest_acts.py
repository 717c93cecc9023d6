"""The latest act that the queue shows on an entry. A block is about the author, and hides no other act."""

from ..support import Served, post
from ..support.moderators import act_of, moderating, said


async def test_a_block_hides_nobody_who_published(wall: Served) -> None:
    await post(wall.client)
    async with moderating(wall, "Kim") as kim, moderating(wall, "Bo") as bo:
        await kim.act("hide", 1)
        await kim.act("publish", 1)
        blocked = await bo.act("block-author", 1)
        for answer in (blocked.text, await kim.page()):
            assert "published by <bdi>Kim</bdi>" in answer
        await bo.undo(act_of(blocked))
        assert "published by <bdi>Kim</bdi>" in await kim.page()


async def test_whoever_removed_is_named_also_when_somebody_blocked_the_author_since(wall: Served) -> None:
    await post(wall.client)
    async with moderating(wall, "Kim") as kim, moderating(wall, "Bo") as bo:
        removal = act_of(await kim.act("remove", 1))
        blocked = await bo.act("block-author", 1)
        assert "Removed by <bdi>Kim</bdi>" in blocked.text
        assert f'name="act" value="{removal}"' in blocked.text.partition("Removed by")[2]
        assert said(await bo.act("publish", 1)).startswith("Feedback 1 has been removed by Kim.")
        await bo.undo(act_of(blocked))
        assert said(await bo.act("publish", 1)).startswith("Feedback 1 has been removed by Kim.")
