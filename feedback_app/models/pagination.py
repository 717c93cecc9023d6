"""Keyset pagination: rows of a wall with one column value, such as a state, newest first, read in index order.

The queries work around wrong choices of planners:
PostgreSQL assumes that a wall's entries are spread evenly over the table and scans from its end. On a quiet wall that
reads everything written elsewhere since. Row-value bounds, with the state in ORDER BY, prevent it.
MariaDB would sort for that ORDER BY what it already reads in order. Without an index hint it starts at the newest entry
and scans all that are newer than the page.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Select,
    and_,
    literal,
    tuple_,
)

from .base import LARGEST_ID
from .prepared import TwoWays, Unknown

if TYPE_CHECKING:
    from .feedback import Feedback

PAGE_SIZE = 30


def newest_first(
    found: "Select[*tuple[Any, ...]]", kind: Any, wall_id: int, state: str, *, before: int | None = None
) -> Any:
    """`found`, a select from the model `kind`, filtered by wall and state, with ids below `before`, newest first."""
    return newest_by(found, kind, wall_id, kind.state, str(state), before=before)


def newest_by(
    found: "Select[*tuple[Any, ...]]", kind: Any, wall_id: int, column: Any, value: Any, *, before: int | None = None
) -> Any:
    """As `newest_first`, filtered by `column`. Needs an index of (wall_id, column, id), or (wall_id, id)."""
    last = LARGEST_ID if before is None else min(before, LARGEST_ID)
    position = tuple_(column, kind.id)
    on_wall, order = kind.wall_id == Unknown(literal(wall_id)), kind.id.desc()
    by_bounds = and_(position < tuple_(value, last), position > tuple_(value, 0))
    names = [kind.__tablename__, *dict.fromkeys(("wall_id", column.key)), "id"]
    for engine in ("mariadb", "mysql"):
        found = found.with_hint(kind, f"FORCE INDEX (ix_{'_'.join(names)})", engine)
    if column.key != "wall_id":
        by_bounds = and_(on_wall, by_bounds)
    found = found.where(TwoWays(and_(on_wall, column == value, kind.id < last), by_bounds))
    return found.order_by(TwoWays(order, column.desc(), order))


class Page:
    """One page of up to `size` entries; `before` is the cursor of the next (older) page, None on the last."""

    def __init__(self, found: "Sequence[Feedback]", size: int = PAGE_SIZE) -> None:
        self.entries: Sequence[Feedback] = found[:size]
        self.before = self.entries[-1].id if len(found) > size else None
