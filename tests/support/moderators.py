"""Shared code of moderation tests: clients of moderators, acts, entries, and the audit log."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.database import Database
from feedback_app.models import Act, ActEntry, Feedback, Wall

from . import HTMX, NO_CERTIFICATES, OURS, Browser, Served, employ, open_session, post

ENTRY = re.compile(r'<article class="entry"\s+id="feedback-(\d+)"\s+data-state="(\w+)"')
ACT = re.compile(r'name="act" value="(\d+)"')


class ModeratorClient:
    """The client of a moderator who is logged in."""

    def __init__(self, client: httpx.AsyncClient, number: int, token: str) -> None:
        self.client, self.number, self.token = client, number, token

    async def act(self, verb: str, *numbers: int | str, **more: Any) -> httpx.Response:
        """Send an act as htmx does."""
        data = {"verb": verb, "feedback": [str(each) for each in numbers], **more}
        return await self.client.post("/moderation/acts", data=data, headers=HTMX)

    async def act_plainly(self, verb: str, *numbers: int | str, **more: Any) -> httpx.Response:
        data = {"verb": verb, "feedback": [str(each) for each in numbers], **more}
        return await self.client.post("/moderation/acts", data=data, headers=OURS)

    async def undo(self, act: int | str) -> httpx.Response:
        return await self.act("undo", act=str(act))

    async def page(self, slug: str = "main", **query: Any) -> str:
        return (await self.client.get(f"/walls/{slug}/moderation", params=query)).text

    async def states(self, slug: str = "main", **query: Any) -> dict[int, str]:
        """The state of each entry on a page of the queue, in order."""
        return {int(number): state for number, state in ENTRY.findall(await self.page(slug, **query))}


async def make_moderator(
    database: Database, name: str, slugs: Sequence[str], role: str = "moderator"
) -> tuple[int, str]:
    """Gives the moderator's id, and the token of an open session."""
    number = await employ(database, name, **dict.fromkeys(slugs, role))
    return number, await open_session(database, number)


async def browser_of(wall: Served, name: str, **roles: str) -> Browser:
    """A client of a new moderator with these roles by wall."""
    return await Browser.of(wall, await employ(wall.database, name, **roles))


async def fill(wall: Served, *states: str, slug: str = "main", author: str = "a", words: str = "Entry") -> None:
    """Add entries with these states, in order."""

    async def work(session: Any) -> None:
        found = (await session.scalars(Wall.locked(slug))).one()
        for number, state in enumerate(states, 1):
            entry = found.receive(
                name=f"{words} {number}", text=words, author=author, reason="all" if state == "held" else None
            )
            entry.state = state
            session.add(entry)

    await wall.database.write(work)


@asynccontextmanager
async def moderating(
    wall: Served, name: str = "Kim", *slugs: str, port: int | None = None
) -> AsyncIterator[ModeratorClient]:
    """The client of a new moderator of these walls, or of `main`."""
    number, token = await make_moderator(wall.database, name, slugs or ["main"])
    base = f"http://127.0.0.1:{port or wall.port}"
    async with httpx.AsyncClient(
        base_url=base, timeout=20, cookies={"feedback": token}, verify=NO_CERTIFICATES
    ) as client:
        yield ModeratorClient(client, number, token)


async def make_wall(wall: Served, slug: str, **settings: Any) -> None:
    async def work(session: AsyncSession) -> None:
        session.add(Wall(slug=slug, title=slug, **settings))

    await wall.database.write(work)


async def arrange(wall: Served, slug: str = "main", **settings: Any) -> None:
    async def work(session: AsyncSession) -> None:
        found = (await session.scalars(Wall.locked(slug))).one()
        for name, value in settings.items():
            setattr(found, name, value)

    await wall.database.write(work)


async def log(wall: Served) -> list[tuple[str, str, list[int]]]:
    """Name, verb and entry ids of each act, oldest first."""
    async with wall.database.reading() as session:
        acts = (await session.scalars(select(Act).order_by(Act.id))).all()
        rows = (await session.scalars(select(ActEntry).order_by(ActEntry.id))).all()
    return [(act.moderator_name, act.verb, [row.feedback_id for row in rows if row.act_id == act.id]) for act in acts]


async def feedback(wall: Served, number: int) -> Feedback:
    async with wall.database.reading() as session:
        return await session.get_one(Feedback, number)


async def write(wall: Served, *texts: str) -> None:
    for text in texts:
        assert (await post(wall.client, text=text)).status_code == 201


async def change(wall: Served, number: int, **values: Any) -> None:
    async def work(session: Any) -> None:
        found = await session.get_one(Feedback, number)
        for name, value in values.items():
            setattr(found, name, value)

    await wall.database.write(work)


async def stopped_everywhere(
    database: Database, attempt: Callable[[], Awaitable[httpx.Response]], look: Callable[[], Awaitable[Any]]
) -> int:
    """Fail the attempt before each of its statements in turn, until it succeeds; gives the number of failures.

    Asserts that `look` gives the same after each failure.
    """
    before, left = await look(), 0

    def stop(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal left
        left -= statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
        if left == 0:
            left = -1
            raise RuntimeError("Stopped by the test.")

    event.listen(database.write_engine.sync_engine, "before_cursor_execute", stop)
    try:
        for stopped in range(20):
            left = stopped + 1
            if (answer := await attempt()).status_code < 400:
                return stopped
            assert answer.status_code == 500
            assert await look() == before
    finally:
        event.remove(database.write_engine.sync_engine, "before_cursor_execute", stop)
    raise AssertionError("The attempt never succeeded.")


def said(answer: httpx.Response) -> str:
    """The sentence of an answer: a notice or an error."""
    found = re.search(r'class="(?:told__words|notice|error__sentence)">([^<]*)<', answer.text)
    return found.group(1) if found else ""


def act_of(answer: httpx.Response) -> int:
    """The act that the answer offers to undo."""
    found = re.search(r'<form class="told__undo".*?name="act" value="(\d+)"', answer.text, re.DOTALL)
    assert found is not None, answer.text
    return int(found.group(1))
