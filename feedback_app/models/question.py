"""Questions that are asked with every batch of posts: written down once, since that takes longer than to ask them."""

from typing import Any, NamedTuple

from sqlalchemy import BindParameter, CompoundSelect, Select, bindparam


class Question(NamedTuple):
    """A statement with names where values belong, and the values of this time: `session.execute(*question)`."""

    statement: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
    values: dict[str, Any]


def one(name: str, kind: Any) -> BindParameter[Any]:
    """The place of a value of such a column type."""
    return bindparam(name, type_=kind)


def several(name: str, kind: Any) -> BindParameter[Any]:
    """The place of a list of them, for `in_`."""
    return bindparam(name, type_=kind, expanding=True)
