"""What is of one state on one wall, the newest first: read by the index that has it in this order, on every database.

Each planner has a wrong guess of its own. PostgreSQL takes a wall's entries for spread evenly over the table, and looks
for them from its end: on a quiet wall that is past everything that was written elsewhere since. It cannot when wall and
state are given as bounds and belong to the order. MariaDB would sort for that order what it reads in order anyway, and,
unless it is told the index, begins at the newest entry and looks at all that are newer than those that are asked for.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .base import LARGEST_ID

INDEX = "ix_feedback_wall_id_state_id"


class _TwoWays(FunctionElement[Any]):
    """Two ways to say the same: the first element, and the others with commas between for PostgreSQL."""

    inherit_cache = True


@compiles(_TwoWays)
def _as_usual(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


@compiles(_TwoWays, "postgresql")
def _for_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return ", ".join(str(compiler.process(each, **options)) for each in list(element.clauses)[1:])


def newest_first(
    found: "Select[*tuple[Any, ...]]", kind: Any, wall_id: int, state: str, *, before: int | None = None
) -> Any:
    """What `found` selects from `kind` (the class of what stands on walls), narrowed and put in order."""
    last = LARGEST_ID if before is None else min(before, LARGEST_ID)
    place = tuple_(kind.wall_id, kind.state, kind.id)
    by_value: ColumnElement[bool] = and_(kind.wall_id == wall_id, kind.state == state, kind.id < last)
    by_bounds = and_(place < tuple_(wall_id, state, last), place > tuple_(wall_id, state, 0))
    for engine in ("mariadb", "mysql"):
        found = found.with_hint(kind, f"FORCE INDEX ({INDEX})", engine)
    order = kind.id.desc()
    return found.where(_TwoWays(by_value, by_bounds)).order_by(
        _TwoWays(order, kind.wall_id.desc(), kind.state.desc(), order)
    )
