"""Search in the queue ignores case and accents, on every engine and for entries of older versions."""

# ruff: noqa: RUF001 - Letters that look alike are what this is about.

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.models import Feedback, Wall
from feedback_app.server import retention

from ..support import Served, post
from ..support.moderators import ModeratorClient, act_of

pytestmark = pytest.mark.engines

TEXTS = (
    "Иван Петров",
    "Straße nach İstanbul",
    "cafe\u0301 au lait",
    "ｶﾞｷﾞ Ｆｕｌｌ",
    "محمد",
    "100% a_b c\\d e/f ½ l",
    "神\ufa19",
)
FOUND = {
    "иван петров": [1],
    "ПЕТРОВ  Иван": [1],
    "петров никто": [],
    "STRASSE istanbul": [2],
    "Café": [3],
    "LAIT caf": [3],
    "ガギ full": [4],
    "مُحَمَّد": [5],
    "100% A_B": [6],
    "c\\d E/F": [6],
    "%": [6],
    "_": [6],
    "神神": [7],
    "1/2 L": [6],
    "ann": [7, 6, 5, 4, 3, 2, 1],
    "\u0301": [],
    "\u00ad": [7, 6, 5, 4, 3, 2, 1],
}


async def test_words_are_found_however_they_are_written(wall: Served, kim: ModeratorClient) -> None:
    for text in TEXTS:
        await post(wall.client, text=text)
    for words, found in FOUND.items():
        assert list(await kim.states(search=words)) == found, words


async def test_what_is_answered_edited_or_undone_is_found_by_what_it_says_now(
    wall: Served, kim: ModeratorClient
) -> None:
    await post(wall.client, text="Question")
    first = act_of(await kim.act("answer", 1, text="Ответ Первый"))
    assert list(await kim.states(search="первый ОТВЕТ question")) == [1]
    await kim.undo(first)
    assert list(await kim.states(search="первый")) == []
    await wall.change(Wall.edit, 1, name="Зоя", text="Anders")
    assert list(await kim.states(search="зоя anders")) == [1]
    assert list(await kim.states(search="question")) == []


async def forget_folding(wall: Served, *numbers: int) -> None:
    """As if a version before this one had stored these entries."""

    async def work(session: AsyncSession) -> None:
        await session.execute(update(Feedback).where(Feedback.id.in_(numbers)).values(folded=None))

    await wall.database.write(work)


async def folded(wall: Served) -> list[str | None]:
    async with wall.database.reading() as session:
        return list(await session.scalars(select(Feedback.folded).order_by(Feedback.id)))


async def test_what_another_version_stored_is_found_at_once_and_folded_soon(
    wall: Served, kim: ModeratorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    for text in ("Hello there", "Иван", "Straße", "Иван Петров", "new"):
        await post(wall.client, text=text)
    await forget_folding(wall, 1, 2, 3, 4)
    async with wall.database.reading() as session:
        changed = list(await session.scalars(select(Feedback.changed_at).order_by(Feedback.id)))
    assert list(await kim.states(search="HELLO")) == [1]
    assert list(await kim.states(search="Иван")) == [4, 2]
    await retention.Retention(wall.database, undo_days=7, keep_days=30).purge()
    assert await folded(wall) == ["ann hello there", "ann иван", "ann strasse", "ann иван петров", "ann new"]
    assert list(await kim.states(search="петров иван")) == [4]
    async with wall.database.reading() as session:
        assert list(await session.scalars(select(Feedback.changed_at).order_by(Feedback.id))) == changed


async def test_what_another_version_blanked_is_blanked_in_every_column(wall: Served, kim: ModeratorClient) -> None:
    for text in ("Insult", "Other"):
        await post(wall.client, text=text)
    await kim.act("remove", 1)

    async def blank(session: Any) -> None:
        blanking = {"name": "", "text": "", "author": "", "key": None, "removed_at": None}
        await session.execute(update(Feedback).where(Feedback.id == 1).values(**blanking))

    await wall.database.write(blank)
    await retention.Retention(wall.database, undo_days=7, keep_days=30).purge()
    assert await folded(wall) == ["", "ann other"]
