"""Moderation queue: list, search and count the entries of a wall by state. An index serves every query."""

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from .act import Block
from .base import EntryState
from .feedback import Feedback
from .pagination import PAGE_SIZE, newest_first

SEEN = (EntryState.HELD, EntryState.PUBLIC, EntryState.HIDDEN)
MOST_COUNTED = 10_000
# Search scans text, so one search covers this many entries of a state; the page then offers to continue.
SEARCHED = 20_000


class ModerationQueue:
    """Queries for the queue. Removed entries appear only in the audit log."""

    @staticmethod
    def listed(
        wall_id: int,
        states: Collection[str],
        *conditions: ColumnElement[bool],
        before: int | None = None,
        size: int = PAGE_SIZE,
    ) -> "Select[Feedback]":
        """Entries in these states, newest first, up to `size` + 1 for pagination.

        Several states are a union of one query per state, since no index has them in one order.
        """

        def newest(selected: Select[*tuple[Any, ...]], state: str) -> Any:
            return newest_first(selected, Feedback, wall_id, state, before=before).where(*conditions).limit(size + 1)

        if len(states) == 1:
            return cast("Select[Feedback]", newest(select(Feedback), *states))
        of_each = union_all(*(select(newest(select(Feedback), state).subquery()) for state in states))
        union = aliased(Feedback, of_each.subquery())
        return select(union).order_by(union.id.desc()).limit(size + 1)

    @staticmethod
    def of_author(one: Feedback, *, before: Feedback | None = None, size: int = PAGE_SIZE) -> "Select[Feedback]":
        """Entries on the wall by the author of `one`, newest first. `+ 0` makes the planner use the author index."""
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
        """The id at which one search stops; no row if one search covers everything."""
        found: Select[int] = newest_first(select(Feedback.id), Feedback, wall_id, state, before=before)
        return found.offset(SEARCHED).limit(1)

    @staticmethod
    def searched(
        wall_id: int,
        states: Collection[str],
        words: str,
        *,
        floor: int,
        before: int | None = None,
        size: int = PAGE_SIZE,
    ) -> "Select[Feedback]":
        """Entries that contain each of these words in their name, text or answer."""
        return ModerationQueue.listed(
            wall_id, states, Feedback.id > floor, Feedback.holding(words), before=before, size=size
        )

    @staticmethod
    def counts(wall_ids: Collection[int], states: Collection[str] = SEEN) -> Select[int, str, int]:
        """Rows of (wall id, state, count). Counts stop at MOST_COUNTED to stay fast."""
        counted = [
            select(
                literal(wall_id).label("wall_id"),
                literal(str(state)).label("state"),
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
        """Entries changed after this desk_version, in the order of the changes, in their current state."""
        changed = Feedback.on(wall_id).where(Feedback.desk_version > after)
        return changed.order_by(Feedback.desk_version).limit(limit)

    @staticmethod
    def blocked(wall_id: int, found: Collection[Feedback]) -> Select[str]:
        """The blocked authors among those of these entries."""
        return Block.of(wall_id, {feedback.author for feedback in found})
