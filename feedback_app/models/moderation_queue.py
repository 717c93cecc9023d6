"""The desk: what moderators ask of a wall. Every question is answered from an index, however much waits."""

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from .act import Block
from .feedback import Feedback
from .pagination import SLICE, newest_first

SEEN = ("held", "public", "hidden")
MOST_COUNTED = 10_000
# A search reads the words themselves, so that it looks at this many entries of a kind and then asks whether to go on.
SEARCHED = 20_000


class Desk:
    """The statements; what is removed is not seen here, only in the log."""

    @staticmethod
    def listed(
        wall_id: int,
        states: Collection[str],
        *conditions: ColumnElement[bool],
        before: int | None = None,
        size: int = SLICE,
    ) -> "Select[Feedback]":
        """The newest first; one more than `size`, as for every Slice.

        Of several states the newest of each are found and put together, as no index has them in one order.
        """

        def newest(selected: Select[*tuple[Any, ...]], state: str) -> Any:
            return newest_first(selected, Feedback, wall_id, state, before=before).where(*conditions).limit(size + 1)

        if len(states) == 1:
            return cast("Select[Feedback]", newest(select(Feedback), *states))
        of_each = union_all(*(select(newest(select(Feedback), state).subquery()) for state in states))
        together = aliased(Feedback, of_each.subquery())
        return select(together).order_by(together.id.desc()).limit(size + 1)

    @staticmethod
    def of_author(one: Feedback, *, before: Feedback | None = None, size: int = SLICE) -> "Select[Feedback]":
        """Everything here by the author of this entry, the latest first; the sum has it found by the author."""
        found = (
            select(Feedback)
            .where(Feedback.author == one.author, Feedback.wall_id + 0 == one.wall_id)
            .where(Feedback.state_alone().in_(SEEN))
            .order_by(Feedback.created_at.desc(), Feedback.id.desc())
            .limit(size + 1)
        )
        if before is None:
            return found
        return found.where(
            Feedback.created_at <= before.created_at,
            or_(
                Feedback.created_at < before.created_at,
                and_(Feedback.created_at == before.created_at, Feedback.id < before.id),
            ),
        )

    @staticmethod
    def floor(wall_id: int, state: str, *, before: int | None = None) -> Select[int]:
        """The number down to which one search looks, none when it looks at all there is."""
        found: Select[int] = newest_first(select(Feedback.id), Feedback, wall_id, state, before=before)
        return found.offset(SEARCHED).limit(1)

    @staticmethod
    def searched(
        wall_id: int, states: Collection[str], words: str, *, floor: int, before: int | None = None, size: int = SLICE
    ) -> "Select[Feedback]":
        """What holds each of these words, in its name, its text or its answer."""
        return Desk.listed(wall_id, states, Feedback.id > floor, Feedback.holding(words), before=before, size=size)

    @staticmethod
    def counts(wall_ids: Collection[int], states: Collection[str] = SEEN) -> Select[int, str, int]:
        """Rows of (number of the wall, state, how many); never more than MOST_COUNTED, so that it is always quick."""
        counted = [
            select(
                literal(wall_id).label("wall_id"),
                literal(state).label("state"),
                select(func.count())
                .select_from(newest_first(select(Feedback.id), Feedback, wall_id, state).limit(MOST_COUNTED).subquery())
                .scalar_subquery()
                .label("count"),
            )
            for wall_id in wall_ids
            for state in states
        ]
        rows = union_all(*counted).subquery()
        return select(rows.c.wall_id, rows.c.state, rows.c.count)

    @staticmethod
    def changed_on(wall_id: int, *, after: int, limit: int) -> "Select[Feedback]":
        """What changed since the wall had this desk version, in the order of the changes, as it is now."""
        changed = Feedback.on(wall_id).where(Feedback.desk_version > after)
        return changed.order_by(Feedback.desk_version).limit(limit)

    @staticmethod
    def blocked(wall_id: int, found: Collection[Feedback]) -> Select[str]:
        """Which of the authors of these entries are blocked."""
        return Block.of(wall_id, {feedback.author for feedback in found})
