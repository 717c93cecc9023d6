"""Fills a wall with many entries, which INSERT … SELECT statements generate inside the database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    Table,
    case,
    false,
    func,
    insert,
    literal,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.database import Database
from feedback_app.models import Feedback, Wall

BATCH_ROWS = 10_000
AUTHORS = 20_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = " made the afternoon worth the trip, but the part about undoing mistakes came too late for many who had left."


async def fill(
    database: Database,
    count: int,
    report: Callable[[int], object] = lambda _: None,
    slug: str = "main",
    *,
    after: int = 0,
) -> None:
    """Fill a wall that has its first `after` entries up to `count`. `report` is called with their number.

    Of a hundred, one each is held, hidden, removed and blanked.
    """
    for first in range(after + 1, count + 1, BATCH_ROWS):
        last = min(first + BATCH_ROWS - 1, count)

        async def work(session: AsyncSession, first: int = first, last: int = last) -> None:
            wall = (await session.scalars(Wall.locked(slug))).one()
            columns = _row(wall.id, first, database.url.get_backend_name())
            rows = (
                select(*columns.values())
                .select_from(_EVERY_NUMBER)
                .where(_number(first) <= last)
                .order_by(_number(first))
            )
            await session.execute(insert(cast("Table", Feedback.__table__)).from_select(list(columns), rows))
            await session.execute(update(Wall).where(Wall.id == wall.id).values(version=last, desk_version=last))

        await database.write(work)
        report(last)


_DIGITS = [
    union_all(*(select(literal(digit).label("digit")) for digit in range(10))).subquery(f"digits_{place}")
    for place in range(4)
]
# A cross join. The condition is always true; without one SQLAlchemy warns.
_EVERY_NUMBER = reduce(
    lambda some, more: some.join(more, more.c.digit > _DIGITS[0].c.digit - 10),
    _DIGITS[1:],
    cast("FromClause", _DIGITS[0]),
)


def _number(first: int) -> ColumnElement[int]:
    """BATCH_ROWS numbers from `first` on."""
    return literal(first) + sum(digits.c.digit * 10**place for place, digits in enumerate(_DIGITS))


def _row(wall_id: int, first: int, engine: str) -> dict[str, Any]:
    """Each column as an expression of the row's number."""
    number = _number(first)
    word = as_type(number, String(20))
    at = BEGAN + timedelta(seconds=first)
    kind = number % 100
    # As long and as random as a digest.
    key = {
        "sqlite": func.lower(func.hex(func.randomblob(32))),
        "postgresql": func.md5(word, type_=String) + func.md5(word + "-", type_=String),
    }.get(engine, func.sha2(word, 256))
    return {
        "wall_id": literal(wall_id),
        "version": case((kind == 1, null()), else_=number),
        "desk_version": number,
        "state": case((kind == 1, "held"), (kind == 2, "hidden"), (kind.in_((3, 4)), "removed"), else_="public"),
        "removed_at": case((kind == 3, literal(at, Feedback.removed_at.type)), else_=null()),
        "name": literal("Visitor ") + as_type(number % AUTHORS, String(20)),
        "text": literal("Talk ") + word + WORDS,
        "folded": literal("visitor ") + as_type(number % AUTHORS, String(20)) + " talk " + word + WORDS,
        "author": case((kind == 4, ""), else_=literal("author ") + as_type(number % AUTHORS, String(20))),
        "network": literal("network ") + as_type(number % AUTHORS, String(20)),
        "is_newcomer": case((number % 2 == 1, true()), else_=false()),
        "key": key,
        "created_at": literal(at, Feedback.created_at.type),
        "changed_at": literal(at, Feedback.created_at.type),
    }
