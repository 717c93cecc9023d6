"""Authors: what is asked about those who write, pair by pair of a wall and an author."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, TableValuedAlias, and_, func, literal, select

from .base import UTCDateTime
from .feedback import Feedback
from .question import Question, as_pairs, asked_pairs, one


class Author:
    """The statements; an author is given as the number of a wall and the author's name there."""

    @staticmethod
    def known_among(authors: Iterable[tuple[int, str]]) -> Question:
        """Rows of (wall's number, author, 1 or None): whether anything by the author is public on the wall."""
        return Question(_known(), {"known": as_pairs(authors)})

    @staticmethod
    def latest_among(authors: Iterable[tuple[int, str]], *, since: datetime, until: datetime) -> Question:
        """Rows of (wall's number, author, when they wrote there last or None), within that time."""
        return Question(_latest(), {"slow": as_pairs(authors), "since": since, "until": until})


def _by(asked: TableValuedAlias) -> ColumnElement[bool]:
    """By this author on this wall.

    An author has written little and a wall holds much, but a planner does not know which: with the sum it cannot take
    an index of the wall and read through all of it.
    """
    return and_(Feedback.author == asked.c.digest, Feedback.wall_id + 0 == asked.c.wall_id)


@cache
def _known() -> "Select[*tuple[Any, ...]]":
    asked = asked_pairs("known")
    found = select(literal(1)).where(_by(asked), Feedback.state_alone() == "public").limit(1)
    return select(asked.c.wall_id, asked.c.digest, found.scalar_subquery())


@cache
def _latest() -> "Select[*tuple[Any, ...]]":
    asked = asked_pairs("slow")
    within = Feedback.created_at.between(one("since", UTCDateTime), one("until", UTCDateTime))
    found = select(func.max(Feedback.created_at)).where(_by(asked), within)
    return select(asked.c.wall_id, asked.c.digest, found.scalar_subquery())
