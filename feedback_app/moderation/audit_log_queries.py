"""The audit log of a wall: its acts with their entries, filtered and in pages."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Act, ActEntry, Feedback, Wall
from ..models.act import KINDS, SETTINGS_VERBS, UNDO, VERBS
from ..models.moderator import NAME_LENGTH
from ..text.cleaning import printable
from ..text.numbers import parse_id
from .audit_log_messages import sentence
from .queue import log_address

SIZE = 30
# At most this many changes of a wall are read to find the new value of each.
FOLLOWED = 1000


@dataclass(frozen=True)
class LogView:
    """The filter and page of the log: `by` a moderator's name, a verb, and acts `before` this id."""

    slug: str
    by: str = ""
    verb: str = ""
    before: int | None = None

    @classmethod
    def of(cls, slug: str, query: Mapping[str, str]) -> Self:
        """From query parameters. Invalid ones are ignored."""
        verb, before = query.get("verb", ""), query.get("before", "")
        return cls(
            slug,
            printable(query.get("by", "")[:NAME_LENGTH]),
            verb if verb in KINDS else "",
            parse_id(before),
        )

    @property
    def query(self) -> dict[str, str]:
        values = {"by": self.by, "verb": self.verb, "before": self.before}
        return {name: str(value) for name, value in values.items() if value}

    def address(self, kind: str = "") -> str:
        path = log_address(self.slug) + kind
        return f"{path}?{urlencode(self.query)}" if self.query else path


@dataclass(frozen=True)
class Line:
    """An act with its sentence. `undone_by` is a name, `total` the number of its entries, `shown` the first of them."""

    act: Act
    sentence: Markup
    undone_by: str | None
    total: int
    shown: Sequence[Feedback]

    @property
    def can_be_undone(self) -> bool:
        return self.act.verb in VERBS and self.undone_by is None and self.total > 0


async def lines(
    view: LogView, wall: Wall, session: AsyncSession, size: int = SIZE
) -> tuple[list[Line], LogView | None]:
    """One page of acts, latest first, and the view of the next page, or None."""
    statement = Act.log_of(wall.id, by=view.by, verb=view.verb, before=view.before, size=size)
    found = (await session.execute(statement)).all()
    shown: dict[int, list[Feedback]] = defaultdict(list)
    totals: dict[int, int] = defaultdict(int)
    for act_id, total, feedback in await session.execute(ActEntry.first_few_of([act.id for act, _ in found[:size]])):
        totals[act_id] = total
        shown[act_id].append(feedback)
    acts = [act for act, _ in found[:size]]
    after, undone = await _after(acts, wall, session), await _undone(acts, session)
    read = [
        Line(
            act,
            sentence(act, totals[act.id], after.get(act.id, {}), undone.get(act.undoes or 0)),
            undone_by,
            totals[act.id],
            shown[act.id],
        )
        for act, undone_by in found[:size]
    ]
    return read, replace(view, before=read[-1].act.id) if len(found) > size else None


async def _after(acts: Sequence[Act], wall: Wall, session: AsyncSession) -> dict[int, dict[str, Any]]:
    """By act id, the new values of each change of the wall. An act stores the old values only."""
    numbers = [act.id for act in acts if act.verb in SETTINGS_VERBS]
    if not numbers:
        return {}
    found: dict[int, dict[str, Any]] = {}
    later: dict[str, Any] = {}
    for act in await session.scalars(Act.settings_acts(wall.id, since=min(numbers), limit=FOLLOWED)):
        before = act.before or {}
        found[act.id] = {
            name: later.get(name, getattr(wall, name)) for name in before if name in later or hasattr(wall, name)
        }
        later.update(before)
    return found


async def _undone(acts: Sequence[Act], session: AsyncSession) -> dict[int, tuple[Act, int]]:
    """By id, the acts that these undid, each with the number of its entries."""
    numbers = [act.undoes for act in acts if act.verb == UNDO and act.undoes is not None]
    rows = (await session.execute(Act.entries_of(numbers))).all() if numbers else []
    return {act.id: (act, count) for act, count in rows}
