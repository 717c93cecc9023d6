"""Memberships of a wall: adding, promoting, removing and inviting moderators."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from feedback_app.clock import now
from feedback_app.models import Act, Invitation

from ..support import OURS, Browser, Served, add_wall, employ

MODERATORS = "/settings/walls/main/moderators"
NEW = {"password": "another four words", "password_again": "another four words"}


@pytest.fixture
async def ann(wall: Served) -> AsyncIterator[Browser]:
    """An owner."""
    async with await Browser.of(wall, await employ(wall.database, "Ann", main="owner")) as browser:
        yield browser


@pytest.fixture
async def bob(wall: Served, ann: Browser) -> AsyncIterator[Browser]:
    """A moderator with an account, number 2, and no wall."""
    async with await Browser.of(wall, await employ(wall.database, "Bob")) as browser:
        yield browser


async def test_an_owner_adds_promotes_and_removes(ann: Browser, bob: Browser, wall: Served) -> None:
    assert (await bob.get(MODERATORS)).status_code == 404
    added = await ann.post(MODERATORS, data={"name": "  bOB ", "role": "moderator"})
    assert added.status_code == 303
    assert "<bdi>Bob</bdi>" in (await ann.get(added.headers["location"])).text
    assert (await bob.get(MODERATORS)).status_code == 403
    assert "Moderate<" in (await bob.get("/settings/walls")).text

    await ann.post(f"{MODERATORS}/2", data={"role": "owner"})
    assert (await bob.get(MODERATORS)).status_code == 200
    removed = await ann.post(f"{MODERATORS}/2", data={"role": "none"})
    assert "They no longer have access." in (await ann.get(removed.headers["location"])).text
    assert (await bob.get(MODERATORS)).status_code == 404
    assert "You have no wall yet" in (await bob.get("/settings/walls")).text
    assert await acts(wall) == [
        ("appoint", "Ann", {"moderator": "Bob", "role": None, "then": "moderator"}),
        ("appoint", "Ann", {"moderator": "Bob", "role": "moderator", "then": "owner"}),
        ("appoint", "Ann", {"moderator": "Bob", "role": "owner", "then": None}),
    ]


async def test_a_wall_keeps_an_owner(ann: Browser, bob: Browser, wall: Served) -> None:
    for role in ("none", "moderator"):
        answer = await ann.post(f"{MODERATORS}/1", data={"role": role})
        assert (answer.status_code, "A wall needs an owner" in answer.text) == (422, True)
    assert await acts(wall) == []

    await ann.post(MODERATORS, data={"name": "Bob", "role": "owner"})
    left = await ann.post(f"{MODERATORS}/1", data={"role": "none"})
    assert left.headers["location"] == "/moderation"
    assert (await ann.get(MODERATORS)).status_code == 404
    assert (await bob.post(f"{MODERATORS}/2", data={"role": "moderator"})).status_code == 422


async def test_of_two_owners_who_remove_each_other_in_parallel_one_stays(
    ann: Browser, bob: Browser, wall: Served
) -> None:
    await ann.post(MODERATORS, data={"name": "Bob", "role": "owner"})
    answers = await asyncio.gather(
        ann.post(f"{MODERATORS}/2", data={"role": "none"}), bob.post(f"{MODERATORS}/1", data={"role": "none"})
    )
    assert sorted(answer.status_code for answer in answers) == [303, 404]


async def test_a_role_that_is_the_same_is_reported_and_not_logged(ann: Browser, bob: Browser, wall: Served) -> None:
    for _ in range(2):
        answer = await ann.post(MODERATORS, data={"name": "Bob", "role": "moderator"})
    assert "They already had this role" in (await ann.get(answer.headers["location"])).text
    assert len(await acts(wall)) == 1


IMPOSSIBLE = [
    ("", {"name": "Nobody", "role": "moderator"}, 422, "No account here has this name"),
    ("", {"name": "", "role": "moderator"}, 422, "Enter a name"),
    ("", {"name": "\u200b", "role": "moderator"}, 422, "Enter a name"),
    ("", {"name": "\x00", "role": "moderator"}, 422, "Enter a name"),
    ("", {"name": "x" * 10_000, "role": "moderator"}, 422, "too long"),
    ("", {"name": "Bob", "role": "administrator"}, 422, "Choose one of these"),
    ("", {"name": ["Bob", "Ann"], "role": "moderator"}, 422, "more than once"),
    ("/2", {"role": "none"}, 404, "There is no such moderator"),
    ("/99999999999999999999999", {"role": "none"}, 404, "There is no such moderator"),
    ("/1", {"role": "king"}, 422, "no such role"),
    ("/1", {"else": ""}, 422, "no such role"),
]


async def test_what_cannot_be_changes_nothing(ann: Browser, bob: Browser, wall: Served) -> None:
    for address, fields, status, sentence in IMPOSSIBLE:
        answer = await ann.post(MODERATORS + address, data=fields)
        assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
        assert await acts(wall) == [], address


async def test_fields_that_are_not_asked_for_change_nothing(ann: Browser, bob: Browser, wall: Served) -> None:
    more = {"wall_id": "2", "moderator_id": "1", "id": "1", "slug": "other", "password": "x", "created_at": "1"}
    assert (await ann.post(MODERATORS, data={"name": "Bob", "role": "moderator", **more})).status_code == 303
    assert [before for _, _, before in await acts(wall)] == [{"moderator": "Bob", "role": None, "then": "moderator"}]


async def test_an_invited_moderator_belongs_to_this_wall_only(ann: Browser, wall: Served) -> None:
    await add_wall(wall.database, "other")
    address = await invitation(ann, "moderator")
    async with Browser(wall) as guest:
        page = await guest.get(address)
        assert "a moderator of the wall" in page.text
        token = address.split("=")[1]
        made = await guest.post("/setup", data={"token": token, "name": "Cleo", **NEW})
        assert (made.status_code, made.headers["location"]) == (303, "/moderation")
        walls = (await guest.get("/settings/walls")).text
        assert 'href="/walls/main"' in walls
        assert 'href="/walls/other"' not in walls
        assert (await guest.get(MODERATORS)).status_code == 403

        assert (await guest.get(address)).status_code == 404
        again = await guest.post("/setup", data={"token": token, "name": "Dora", **NEW})
        assert again.status_code == 404
    assert "invitation for" not in (await ann.get(MODERATORS)).text


async def test_an_invitation_is_shown_once_taken_back_and_ends(ann: Browser, wall: Served) -> None:
    first, second = await invitation(ann, "moderator"), await invitation(ann, "owner")
    page = (await ann.get(MODERATORS)).text
    assert first not in page
    assert page.count("An invitation for") == 2
    numbers = re.findall(r"/invitations/(\d+)", page)
    assert (await ann.post(f"/settings/walls/main/invitations/{numbers[0]}")).status_code == 303
    assert (await ann.get(first)).status_code == 404
    assert (await ann.get(second)).status_code == 200
    eighth_day = update(Invitation).values(created_at=now() - timedelta(days=8))
    await wall.database.write(lambda session: session.execute(eighth_day))
    assert (await ann.get(second)).status_code == 404
    assert "An invitation for" not in (await ann.get(MODERATORS)).text
    async with wall.database.reading() as session:
        assert (await session.scalars(Invitation.stale(now()))).all() == [int(numbers[1])]


async def test_the_invitations_of_an_owner_end_with_the_role(ann: Browser, bob: Browser) -> None:
    """An invitation made before the removal does not bring its owner back."""
    await ann.post(MODERATORS, data={"name": "Bob", "role": "owner"})
    his, hers = await invitation(bob, "owner"), await invitation(ann, "moderator")
    await ann.post(f"{MODERATORS}/2", data={"role": "moderator"})
    assert (await bob.get(his)).status_code == 404
    assert (await bob.get(hers)).status_code == 200


async def test_there_are_only_so_many_invitations(ann: Browser) -> None:
    for _ in range(20):
        await invitation(ann, "moderator")
    answer = await ann.post("/settings/walls/main/invitations", data={"role": "moderator"})
    assert (answer.status_code, "Withdraw one first" in answer.text) == (422, True)
    assert (await ann.post("/settings/walls/main/invitations", data={"role": "king"})).status_code == 422


async def test_names_with_markup_are_names(ann: Browser, wall: Served) -> None:
    await employ(wall.database, "<img src=x onerror=alert(1)>", main="moderator")
    page = (await ann.get(MODERATORS)).text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


async def invitation(browser: Browser, role: str) -> str:
    """The path of a new one."""
    answer = await browser.post("/settings/walls/main/invitations", data={"role": role}, headers=OURS)
    assert answer.status_code == 201
    (path,) = re.findall(r"<code>http://127\.0\.0\.1:\d+(/setup\?token=[\w-]{43})</code>", answer.text)
    return str(path)


async def acts(wall: Served) -> list[tuple[str, str, dict[str, str | None]]]:
    """What the log of the walls holds."""
    async with wall.database.reading() as session:
        found = (await session.scalars(select(Act).order_by(Act.id))).all()
    return [(act.verb, act.moderator_name, act.before or {}) for act in found]
