"""Prepared queries for every batch of posts: built once, since building the SQL takes longer than running it.

SQL expressions that compile differently for PostgreSQL, to steer its planner.
"""

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
    """A statement with bind parameters, and their values: `session.execute(*prepared)`."""

    statement: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
    values: dict[str, Any]


def one(name: str, kind: Any) -> BindParameter[Any]:
    """A bind parameter of this column type."""
    return bindparam(name, type_=kind)


def several(name: str, kind: Any) -> BindParameter[Any]:
    """A bind parameter for a list, for `in_`."""
    return bindparam(name, type_=kind, expanding=True)


def one_of(of: Any, name: str, kind: Any, *, or_else: Any = None) -> Any:
    """Whether `of` is in the list parameter `name`, or equals `or_else`.

    PostgreSQL gets one array parameter, so that one prepared statement serves lists of any length.
    """
    listed = of.in_(several(name, kind))
    array: Any = bindparam(name, type_=ARRAY(kind() if isinstance(kind, type) else kind))
    if or_else is not None:
        listed, array = or_(listed, of == or_else), func.array_append(array, or_else)
    return TwoWays(listed, of == any_(array))


class Unknown(FunctionElement[Any]):
    """A value that PostgreSQL's planner cannot see.

    It estimates a wall that is missing in its statistics as empty, would choose any index, and read the whole wall.
    """

    inherit_cache = True


@compiles(Unknown)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(Unknown, "postgresql")
def _as_subquery(element: Any, compiler: Any, **options: Any) -> str:
    return f"(SELECT {compiler.process(element.clauses, **options)})"


class TwoWays(FunctionElement[Any]):
    """Two equivalent expressions: the first element, or for PostgreSQL the others, comma-separated."""

    inherit_cache = True


@compiles(TwoWays)
def _first_way(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


@compiles(TwoWays, "postgresql")
def _other_way(element: Any, compiler: Any, **options: Any) -> str:
    return ", ".join(str(compiler.process(each, **options)) for each in list(element.clauses)[1:])


class _Pairs(FunctionElement[Any]):
    """A table built from one JSON parameter, so that the statement is the same for any number of pairs."""

    inherit_cache = True


def pairs_table(name: str) -> TableValuedAlias:
    """A table with columns (wall_id, digest) from the parameter `name`, a value of `pairs_value`."""
    columns = column("wall_id", Identifier), column("digest", String)
    return _Pairs(one(name, String)).table_valued(*columns, name=name)


def lookup(name: str, kind: Any, digest: Any) -> "Select[int, int, str]":
    """Rows of (wall id, id, digest) of `kind` that exist for the pairs in the parameter `name` (see `pairs_value`).

    `digest` is a column of `kind` with an index of (wall_id, digest). Each pair is looked up in a subquery: for a join,
    a planner may read everything on those walls. Without statistics PostgreSQL would choose any index of the wall and
    keep that plan. It is asked for the first row not before the pair, an order that only the right index has.
    """
    pairs = pairs_table(name)
    is_match = and_(kind.wall_id == pairs.c.wall_id, digest == pairs.c.digest)
    is_not_before = tuple_(kind.wall_id, digest) >= tuple_(pairs.c.wall_id, pairs.c.digest)
    first = select(case((is_match, kind.id))).where(TwoWays(is_match, is_not_before))
    # A literal: with a parameter for LIMIT, PostgreSQL plans for a tenth of the rows.
    number = first.order_by(TwoWays(digest, kind.wall_id, digest)).limit(literal_column("1"))
    found = select(pairs.c.wall_id, number.scalar_subquery().label("id"), pairs.c.digest).subquery(f"found_{name}")
    return select(found.c.wall_id, found.c.id, found.c.digest).where(found.c.id.is_not(None))


def pairs_value(found: Iterable[tuple[int, str]]) -> str:
    """(wall id, digest) pairs as JSON, the parameter value for `lookup` and `pairs_table`."""
    return json.dumps(list(found), separators=(",", ":"))


@compiles(_Pairs, "sqlite")
def _for_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    value = compiler.process(element.clauses, **options)
    columns = "json_extract(value, '$[0]') AS wall_id, json_extract(value, '$[1]') AS digest"
    return f"(SELECT {columns} FROM json_each({value}))"  # noqa: S608 - A placeholder, not a value.


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
