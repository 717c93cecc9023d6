"""Pages for owners only: what a moderator sees there, and what is logged."""

import logging

import pytest

from ..support import HTMX, Served, add_wall, employ
from ..support.moderators import arrange, browser_of, fill, moderating

HOME = "/settings/walls/main"
PAGES = (HOME, f"{HOME}/moderators", f"{HOME}/delete", f"{HOME}/export.json", f"{HOME}/export.csv")
FORMS = (
    HOME, f"{HOME}/address", f"{HOME}/archive", f"{HOME}/unarchive", f"{HOME}/delete", f"{HOME}/moderators",
    f"{HOME}/moderators/1", f"{HOME}/invitations", f"{HOME}/invitations/1",
)  # fmt: skip


async def test_a_moderator_sees_whom_to_ask(wall: Served) -> None:
    await arrange(wall, title="Lab day: <what> next?")
    await employ(wall.database, "Ruth", main="owner")
    async with await browser_of(wall, "Sam", main="moderator") as sam:
        answers = [await sam.get(each) for each in PAGES] + [await sam.post(each, data={"": ""}) for each in FORMS]
        for answer in answers:
            assert answer.status_code == 403, answer.url
            assert "Only owners can change this. Ask <bdi>Ruth</bdi>." in answer.text
            assert "You moderate “<bdi>Lab day: &lt;what&gt; next?</bdi>”" in answer.text
            assert 'class="staff__links"' in answer.text
            assert 'href="/walls/main/moderation"' in answer.text
        await employ(wall.database, "Uma", main="owner")
        await employ(wall.database, "Vi", main="owner")
        asked = (await sam.get(HOME)).text
        assert "Ask <bdi>Ruth</bdi>, <bdi>Uma</bdi> or <bdi>Vi</bdi>." in asked
        notice = await sam.post(HOME, data={"": ""}, headers=HTMX)
        assert notice.status_code == 403
        assert 'hx-target="#notice"' in notice.text


async def test_a_wall_without_an_owner_says_so_and_who_owns_none_makes_none(wall: Served) -> None:
    async with await browser_of(wall, "Sam", main="moderator") as sam:
        assert "this wall has none at the moment. Ask the operator" in (await sam.get(HOME)).text
        refused = await sam.post("/settings/walls", data={"title": "New", "slug": "new"})
        assert refused.status_code == 403
        assert "Only people who own a wall can create another one." in refused.text


async def test_a_moderator_without_a_role_learns_nothing(wall: Served) -> None:
    await add_wall(wall.database, "other")
    await employ(wall.database, "Ruth", main="owner")
    async with await browser_of(wall, "Sam", other="moderator") as sam:
        for address in (*PAGES, "/walls/main/moderation", "/walls/main/moderation/log"):
            answer = await sam.get(address)
            assert answer.status_code == 404
            assert answer.text == (await sam.get(address.replace("/main", "/nonesuch"))).text
            assert "Ruth" not in answer.text
            assert "There is no wall at this address that you moderate." in answer.text
            assert 'class="staff__links"' in answer.text


async def test_an_act_that_is_refused_leaves_a_line_with_its_account(
    wall: Served, caplog: pytest.LogCaptureFixture
) -> None:
    await add_wall(wall.database, "other")
    await fill(wall, "public")
    with caplog.at_level(logging.WARNING):
        async with moderating(wall, "Sam", "other") as sam:
            await sam.act("hide", 1)
            await sam.client.get("/walls/main/moderation")
            await sam.client.get("/settings/walls/other/delete")
    said = [each.getMessage() for each in caplog.records if "may not do this" in each.getMessage()]
    assert said == [
        f"Account {sam.number} may not do this: POST moderation.act.",
        f"Account {sam.number} may not do this: GET moderation.desk.",
        f"Account {sam.number} may not do this: GET settings.ask_to_delete.",
    ]
