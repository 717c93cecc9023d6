"""Changes of the moderation queue since a version, including entries that are not public."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Wall
from ..models.moderation_queue import ModerationQueue
from ..moderation.queue import Entry, counts, entries
from ..web.templates import render
from .changes import MOST_CHANGES, Change, Changes, reload


async def queue_changes_since(after: int | None, wall: Wall, session: AsyncSession) -> Changes:
    """As `changes_since`, by the wall's `desk_version`. The counts come with the last change."""
    if after == wall.desk_version:
        return Changes(wall.desk_version, [])
    if after is not None and wall.oldest_desk_version <= after < wall.desk_version:
        changed = (
            await session.scalars(ModerationQueue.changed_on(wall.id, after=after, limit=MOST_CHANGES + 1))
        ).all()
        if len(changed) <= MOST_CHANGES:
            counted = (await counts([wall.id], session))[wall.id]
            return _each(wall, await entries(changed, wall.id, session), counted)
    return reload(wall.desk_version)


def _each(wall: Wall, changed: Sequence[Entry], counted: dict[str, str]) -> Changes:
    changes = [
        Change(each.feedback.desk_version, render("live/_queue_change.html", wall=wall, entry=each)) for each in changed
    ]
    version = max([wall.desk_version, *(change.version for change in changes)])
    # The counts are for all changes together, and for a change without an entry.
    counters = render("moderation/_counts.html", counts=counted)
    last = changes.pop() if changes else Change(version, "")
    return Changes(version, [*changes, Change(version, last.html + counters)])
