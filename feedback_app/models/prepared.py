"""Questions that are asked with every batch of posts: written down once, since that takes longer than to ask them."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BindParameter,
    CompoundSelect,
    Select,
    String,
    TableValuedAlias,
    and_,
    any_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .base import Identifier


class Prepared(NamedTuple):
    """A statement with names where values belong, and the values of this time: `session.execute(*question)`."""

    statement: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
    values: dict[str, Any]


def one(name: str, kind: Any) -> BindParameter[Any]:
    """The place of a value of such a column type."""
    return bindparam(name, type_=kind)


def several(name: str, kind: Any) -> BindParameter[Any]:
    """The place of a list of them, for `in_`."""
    return bindparam(name, type_=kind, expanding=True)


def one_of(of: Any, name: str, kind: Any, *, or_else: Any = None) -> Any:
    """Whether `of` is one of the list of that name, or this value. PostgreSQL is given an array, so that the statement,
    and what is prepared for it, is the same however many there are."""
    listed = of.in_(several(name, kind))
    array: Any = bindparam(name, type_=ARRAY(kind() if isinstance(kind, type) else kind))
    if or_else is not None:
        listed, array = or_(listed, of == or_else), func.array_append(array, or_else)
    return TwoWays(listed, of == any_(array))


class Unknown(FunctionElement[Any]):
    """A value that PostgreSQL does not look at when it plans: it takes a wall that it has not counted for an empty one,
    for which any index does, and reads all of it."""

    inherit_cache = True


@compiles(Unknown)
def _as_it_is(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(Unknown, "postgresql")
def _not_looked_at(element: Any, compiler: Any, **options: Any) -> str:
    return f"(SELECT {compiler.process(element.clauses, **options)})"


class TwoWays(FunctionElement[Any]):
    """Two ways to say the same: the first element, and the others with commas between for PostgreSQL."""

    inherit_cache = True


@compiles(TwoWays)
def _first_way(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


@compiles(TwoWays, "postgresql")
def _other_way(element: Any, compiler: Any, **options: Any) -> str:
    return ", ".join(str(compiler.process(each, **options)) for each in list(element.clauses)[1:])


class _Pairs(FunctionElement[Any]):
    """A table made of one value, so that a statement is the same however many pairs there are."""

    inherit_cache = True


def asked_pairs(name: str) -> TableValuedAlias:
    """Rows of (wall's number, digest), made of the value of that name."""
    columns = column("wall_id", Identifier), column("digest", String)
    return _Pairs(one(name, String)).table_valued(*columns, name=name)


def looked_up(name: str, kind: Any, digest: Any) -> "Select[int, int, str]":
    """Rows of (wall's number, number, digest): what stands on which wall under which digest, if anything.

    `name` is that of a value that `as_pairs` makes; `digest` a column of `kind` for which there is an index of wall and
    digest. Each pair is looked up by itself: to find all of them together a planner may choose to read everything on
    those walls. PostgreSQL takes any index of the wall for as good while it knows nothing of the table, and keeps that
    plan; it is asked for the first that is not before the pair, since only the right index has that order.
    """
    asked = asked_pairs(name)
    is_it = and_(kind.wall_id == asked.c.wall_id, digest == asked.c.digest)
    is_not_before = tuple_(kind.wall_id, digest) >= tuple_(asked.c.wall_id, asked.c.digest)
    first = select(case((is_it, kind.id))).where(TwoWays(is_it, is_not_before))
    # No parameter: PostgreSQL would plan for a tenth of what there is.
    number = first.order_by(TwoWays(digest, kind.wall_id, digest)).limit(literal_column("1"))
    found = select(asked.c.wall_id, number.scalar_subquery().label("id"), asked.c.digest).subquery(f"found_{name}")
    return select(found.c.wall_id, found.c.id, found.c.digest).where(found.c.id.is_not(None))


def as_pairs(found: Iterable[tuple[int, str]]) -> str:
    """Wall's numbers and digests, as the value for `looked_up`."""
    return json.dumps(list(found), separators=(",", ":"))


@compiles(_Pairs, "sqlite")
def _for_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    value = compiler.process(element.clauses, **options)
    columns = "json_extract(value, '$[0]') AS wall_id, json_extract(value, '$[1]') AS digest"
    return f"(SELECT {columns} FROM json_each({value}))"  # noqa: S608 - The place of a value, no value.


@compiles(_Pairs, "postgresql")
def _for_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    value = compiler.process(element.clauses, **options)
    each = f"json_array_elements(CAST({value} AS json)) AS given (pair)"
    return f"(SELECT CAST(pair ->> 0 AS bigint) AS wall_id, pair ->> 1 AS digest FROM {each})"  # noqa: S608


@compiles(_Pairs, "mysql", "mariadb")
def _for_mariadb(element: Any, compiler: Any, **options: Any) -> str:
    value = compiler.process(element.clauses, **options)
    text = "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    return f"JSON_TABLE({value}, '$[*]' COLUMNS (wall_id BIGINT PATH '$[0]', digest {text} PATH '$[1]'))"
