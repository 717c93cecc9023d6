"""A block meets the visitor token for as long as it lives, and holds newcomers of the same address."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.models import Block

from ..support import HTMX, OURS, Served, post
from ..support.moderators import ModeratorClient, change, said
from .visitors import key, known, reasons


async def test_a_block_meets_the_token_and_holds_newcomers_beside_it(wall: Served, kim: ModeratorClient) -> None:
    bad, good = await known(wall.client, text="Insult"), await known(wall.client, text="Kind")
    await kim.act("block-author", 1)
    for headers in (HTMX, OURS):
        refused = await post(wall.client, text="Words to keep", visitor=bad, headers=headers)
        assert refused.status_code == 403
        assert "You cannot write on this wall for now" in said(refused)
        assert ("Words to keep" in refused.text) == (headers == OURS)
    assert (await post(wall.client, text="Still heard", visitor=good)).headers["Visitor"] == good
    again, plain = await post(wall.client, text="Another key", visitor=key()), await post(wall.client, text="No key")
    assert {each.status_code for each in (again, plain)} == {201}
    assert "Visitor" not in again.headers
    assert await reasons(wall) == [None, None, None, "blocked", "blocked"]
    assert "new here, from the network of a blocked author" in await kim.page()

    # Two days later their address is another pseudonym; the token is met for as long as it lives.
    await change_blocks(wall, timedelta(days=29))
    await wall.state.retention.purge()
    assert (await post(wall.client, visitor=bad)).status_code == 403
    await kim.act("unblock-author", 1)
    assert (await post(wall.client, text="Back", visitor=bad)).status_code == 201
    assert (await post(wall.client, text="New", visitor=key())).headers["Visitor"]


async def change_blocks(wall: Served, age: timedelta) -> None:
    async def work(session: AsyncSession) -> None:
        for each in await session.scalars(select(Block)):
            each.created_at = datetime.now(UTC) - age

    await wall.database.write(work)


async def test_a_block_without_a_token_holds_the_newcomers_of_the_address(wall: Served, kim: ModeratorClient) -> None:
    mine = await known(wall.client, text="Known")
    await post(wall.client, text="Insult")
    await kim.act("block-author", 2)
    assert "Author blocked" in await kim.page()
    assert (await post(wall.client, text="One")).status_code == 201
    assert (await post(wall.client, text="Two", visitor=key())).status_code == 201
    assert (await post(wall.client, text="Three", visitor=mine)).status_code == 201
    assert await reasons(wall) == [None, None, "blocked", "blocked", None]


async def test_an_author_can_be_blocked_while_the_pseudonym_is_known(wall: Served, kim: ModeratorClient) -> None:
    await known(wall.client, text="With a token")
    await post(wall.client, text="Without")
    for number, days, blocked in ((1, 29, True), (2, 3, False), (1, 32, False)):
        await kim.act("unblock-author", number)
        await change(wall, number, created_at=datetime.now(UTC) - timedelta(days=days))
        answer = await kim.act("block-author", number)
        assert (answer.status_code == 200) == blocked, (number, days, answer.text)
