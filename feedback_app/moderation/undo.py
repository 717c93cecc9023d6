"""Undo: an act is reversed on all of its entries, unless a later act has changed one of them."""

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Act, ActEntry, Feedback, Membership, Moderator, Wall
from ..models.act import BLOCKING, UNDO, ActRefused
from .acts import Done, NotFound, block, check_pins, difference, record_act


async def undo(act_id: int, by: Moderator, session: AsyncSession) -> Done:
    """Reverse the act, and record the undo as an act of its own.

    Raises NotFound if the act is missing or on another moderator's wall, and ActRefused with a sentence. Nothing is
    changed then.
    """
    found = await session.scalar(Act.numbered(act_id))
    if found is None or not (await session.scalars(Membership.among(by.id, [found.wall_id]))).all():
        raise NotFound
    if found.verb == UNDO:
        raise ActRefused("An undo is not undone. Do the act itself once more instead.")
    wall = (await session.scalars(Wall.locked_numbered(found.wall_id))).one()
    rows = (await session.execute(ActEntry.of(found.id))).all()
    entries = [feedback for _, feedback in rows]
    if earlier := await session.scalar(Act.undoing(found.id)):
        return Done(wall, UNDO, None, entries, len(entries), undone=found, undone_by=earlier.moderator_name)
    await _check(found, entries, session)

    if found.verb in BLOCKING:
        changes = [await _change_block(wall, change, feedback, session) for change, feedback in rows]
    else:
        await check_pins(wall, {feedback.id for change, feedback in rows if change.before.get("pinned_at")}, session)
        changes = [_change(wall, change, feedback) for change, feedback in rows]

    recorded = await record_act(wall, UNDO, by, changes, session, undoes=found.id)
    return Done(wall, UNDO, recorded, entries, undone=found)


async def _check(found: Act, entries: list[Feedback], session: AsyncSession) -> None:
    if not entries:
        raise ActRefused("What this act was about is not kept any more, so that it cannot be undone.")
    if any(feedback.is_blanked for feedback in entries):
        raise ActRefused("The words were blanked when the time for undoing was over. Nothing was undone.")
    if later := await session.scalar(found.since()):
        raise ActRefused(
            f"{later.moderator_name} has acted on this since ({later.verb}). Undo that first; nothing was undone."
        )


def _change(wall: Wall, change: ActEntry, feedback: Feedback) -> ActEntry:
    current = feedback.condition
    wall.restore(feedback, change.before)
    return ActEntry(feedback_id=feedback.id, before=difference(current, feedback))


async def _change_block(wall: Wall, change: ActEntry, feedback: Feedback, session: AsyncSession) -> ActEntry:
    was_blocked = change.before["blocked"]
    await block(wall, feedback, session, is_blocked=was_blocked)
    return ActEntry(feedback_id=feedback.id, before={"blocked": not was_blocked})
