"""What is of one kind on one wall, such as of one state, the newest first: read by the index that has it in this order.

Each planner has a wrong guess of its own. PostgreSQL takes a wall's entries for spread evenly over the table, and looks
for them from its end: on a quiet wall that is past everything that was written elsewhere since. It cannot when the
state is given as bounds and belongs to the order. MariaDB would sort for that order what it reads in order anyway, and,
unless it is told the index, begins at the newest entry and looks at all that are newer than those that are asked for.
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

SLICE = 30


def newest_first(
    found: "Select[*tuple[Any, ...]]", kind: Any, wall_id: int, state: str, *, before: int | None = None
) -> Any:
    """What `found` selects from `kind` (the class of what stands on walls), narrowed and put in order."""
    return newest_by(found, kind, wall_id, kind.state, state, before=before)


def newest_by(
    found: "Select[*tuple[Any, ...]]", kind: Any, wall_id: int, column: Any, value: Any, *, before: int | None = None
) -> Any:
    """The same by another column, for which there is an index of wall, column and number; the wall may be it."""
    last = LARGEST_ID if before is None else min(before, LARGEST_ID)
    place = tuple_(column, kind.id)
    its_wall, order = kind.wall_id == Unknown(literal(wall_id)), kind.id.desc()
    by_bounds = and_(place < tuple_(value, last), place > tuple_(value, 0))
    names = [kind.__tablename__, *dict.fromkeys(("wall_id", column.key)), "id"]
    for engine in ("mariadb", "mysql"):
        found = found.with_hint(kind, f"FORCE INDEX (ix_{'_'.join(names)})", engine)
    if column.key != "wall_id":
        by_bounds = and_(its_wall, by_bounds)
    found = found.where(TwoWays(and_(its_wall, column == value, kind.id < last), by_bounds))
    return found.order_by(TwoWays(order, column.desc(), order))


class Page:
    """As many entries as are shown at once; `before` leads to the next older ones and is None at the end."""

    def __init__(self, found: "Sequence[Feedback]", size: int = SLICE) -> None:
        self.entries: Sequence[Feedback] = found[:size]
        self.before = self.entries[-1].id if len(found) > size else None
