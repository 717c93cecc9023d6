"""Acts: a verb that a moderator applies to all of the entries or to none. Each act is a row of the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..models import Act, ActEntry, Block, Feedback, Membership, Moderator, Wall
from ..models.act import BLOCK, BLOCKING, IMPORTED, VISITOR_TOKEN_DAYS, ActRefused
from ..models.feedback import MOST_PINNED, PSEUDONYM_LENGTH

UNCHANGED = "Nothing changed: it was so already."
COMMAND_LINE = "the command line"
VERBS = {
    "publish": Wall.publish,
    "hide": Wall.hide,
    "remove": Wall.remove,
    "pin": Wall.pin,
    "unpin": Wall.unpin,
}


# The notice after an act on one entry, and on several.
NOTICES = {
    "publish": ("Published", "{count} published"),
    "hide": ("Hidden", "{count} hidden"),
    "remove": ("Removed", "{count} removed"),
    "pin": ("Pinned", "{count} pinned"),
    "unpin": ("Unpinned", "{count} unpinned"),
    "answer": ("The answer is stored", "{count} answered"),
    "block-author": ("The author is blocked", "{count} authors are blocked"),
    "unblock-author": ("The author may write again", "{count} authors may write again"),
}


class NotFound(Exception):
    """An entry or act that does not exist, or is on another moderator's wall; the answer must not reveal which."""


@dataclass(frozen=True)
class Notice:
    """The sentence after an act. `act_id` is set while the act can be undone."""

    sentence: str
    act_id: int | None = None

    @classmethod
    def of(cls, act: Act, entries: Sequence[Feedback], unchanged: int = 0) -> Self:
        """`entries` are the act's entries in their current state; `unchanged` of them were in that state before."""
        if act.verb not in NOTICES:
            return cls("Undone.")
        changed = len(entries) - unchanged
        sentence = f"{NOTICES[act.verb][changed > 1]}.".format(count=changed)
        if act.verb == "answer" and not any(entry.answer for entry in entries):
            sentence = "The answer is removed."
        if unchanged:
            sentence += f" {unchanged} already {'were' if unchanged > 1 else 'was'}."
        return cls(sentence, act.id)


@dataclass(frozen=True)
class Order:
    """A verb and the ids of its entries. `by` is None for the operator on the command line."""

    verb: str
    numbers: Sequence[int]
    by: Moderator | None
    text: str = ""

    @property
    def name(self) -> str:
        return self.by.name if self.by else COMMAND_LINE


@dataclass(frozen=True)
class Done:
    """The result of an act: its row, or None if nothing changed, and the entries in their current state.

    `undone` is the act that was undone, now or earlier by the moderator named `undone_by`.
    """

    wall: Wall
    verb: str
    act: Act | None
    entries: Sequence[Feedback]
    unchanged: int = 0
    undone: Act | None = None
    undone_by: str = ""

    @property
    def notice(self) -> Notice:
        if self.act is None:
            return Notice(f"{self.undone_by} has undone this already." if self.undone else UNCHANGED)
        return Notice.of(self.act, self.entries, self.unchanged)


async def act(order: Order, session: AsyncSession) -> Done:
    """Apply the verb to all entries, and record the act.

    Raises NotFound if an entry is missing or on another moderator's wall, and ActRefused with a sentence. Nothing is
    changed then.
    """
    wall = await _lock(order, session)
    entries = (await session.scalars(Feedback.with_numbers(order.numbers))).all()
    await _check(order, wall, entries, session)

    if order.verb in BLOCKING:
        changes = await _change_blocks(order.verb == BLOCK, wall, entries, session)
    else:
        changes = _change(order, wall, entries)

    if not changes:
        return Done(wall, order.verb, None, entries, unchanged=len(entries))
    recorded = await record_act(wall, order.verb, order.by, changes, session)
    return Done(wall, order.verb, recorded, entries, unchanged=len(entries) - len(changes))


async def record_act(
    wall: Wall,
    verb: str,
    by: Moderator | None,
    changes: Sequence[ActEntry],
    session: AsyncSession,
    *,
    undoes: int | None = None,
) -> Act:
    """Add the act to the audit log, in the transaction of the change. `changes` get its id."""
    name = by.name if by else COMMAND_LINE
    recorded = Act(wall_id=wall.id, verb=verb, moderator_id=by.id if by else None, moderator_name=name, undoes=undoes)
    session.add(recorded)
    await session.flush()
    for change in changes:
        change.act_id = recorded.id
    session.add_all(changes)
    await session.flush()
    return recorded


async def check_pins(wall: Wall, more: set[int], session: AsyncSession) -> None:
    """Raises ActRefused if the wall would have too many pinned entries with `more`, a set of entry ids."""
    pinned = {feedback.id for feedback in await session.scalars(Feedback.pinned_on(wall.id))}
    if len(pinned | more) > MOST_PINNED:
        raise ActRefused(f"A wall has {MOST_PINNED} pinned entries at most. Unpin one first; nothing was done.")


async def block(wall: Wall, entry: Feedback, session: AsyncSession, *, is_blocked: bool) -> None:
    """Block the entry's author, or lift the block."""
    await session.execute(Block.delete_block(wall.id, entry.author))
    if is_blocked:
        # Older entries have no network: their author is a network, as a pseudonym of twice the length.
        session.add(
            Block(wall_id=wall.id, author=entry.author, network=entry.network or entry.author[:PSEUDONYM_LENGTH])
        )
    wall.note(entry)
    await session.flush()


def difference(before: dict[str, Any], entry: Feedback) -> dict[str, Any]:
    """The values of `before` (by column) that differ from the entry's current ones."""
    after = entry.condition
    return {name: value for name, value in before.items() if after[name] != value}


async def _lock(order: Order, session: AsyncSession) -> Wall:
    """The wall of the entries, locked until the end of the transaction. Raises NotFound and ActRefused."""
    found = (await session.execute(Feedback.places(order.numbers))).all()
    wall_ids = {wall_id for _, wall_id in found}
    if not found or len(found) < len(set(order.numbers)):
        raise NotFound
    if order.by is not None and wall_ids != set(await session.scalars(Membership.among(order.by.id, wall_ids))):
        raise NotFound
    if len(wall_ids) > 1:
        raise ActRefused("These entries are on two walls. Act on one wall at a time; nothing was done.")
    return (await session.scalars(Wall.locked_numbered(*wall_ids))).one()


async def _check(order: Order, wall: Wall, entries: Sequence[Feedback], session: AsyncSession) -> None:
    if order.verb == BLOCK:
        _check_authors(entries)
    elif order.verb not in (*BLOCKING, "remove"):
        await _check_presence(entries, session)
    if order.verb == "pin":
        if waiting := next((entry for entry in entries if not entry.is_public), None):
            raise ActRefused(f"Feedback {waiting.id} is not public. Publish it before you pin it; nothing was done.")
        await check_pins(wall, {entry.id for entry in entries}, session)


def _check_authors(entries: Sequence[Feedback]) -> None:
    if foreign := next((entry for entry in entries if entry.author.startswith(IMPORTED)), None):
        raise ActRefused(
            f"Feedback {foreign.id} was imported from elsewhere, and its author cannot be recognised here, so that "
            f"there is nobody to block; nothing was done."
        )
    for entry in entries:
        is_visitor = entry.author != entry.network and len(entry.author) == PSEUDONYM_LENGTH
        days = VISITOR_TOKEN_DAYS if is_visitor else 1
        if now().date() - entry.created_at.date() > timedelta(days=days):
            raise ActRefused(
                f"Feedback {entry.id} is more than {days} {'days' if days > 1 else 'day'} old. Its author cannot be "
                f"told apart any more, so that there is nobody to block; nothing was done."
            )


async def _check_presence(entries: Sequence[Feedback], session: AsyncSession) -> None:
    gone = next((entry for entry in entries if entry.is_removed), None)
    if gone is not None:
        latest = (await session.execute(Act.latest_on([gone.id]))).first()
        by = latest[1].moderator_name if latest else "somebody"
        raise ActRefused(f"Feedback {gone.id} has been removed by {by}. Undo that first; nothing was done.")


def _change(order: Order, wall: Wall, entries: Sequence[Feedback]) -> list[ActEntry]:
    changes = []
    for entry in entries:
        before = entry.condition
        if order.verb == "answer":
            wall.answer(entry, text=order.text, by=order.name)
        else:
            VERBS[order.verb](wall, entry)
        if changed := difference(before, entry):
            changes.append(ActEntry(feedback_id=entry.id, before=changed))
    return changes


async def _change_blocks(
    is_blocked: bool, wall: Wall, entries: Sequence[Feedback], session: AsyncSession
) -> list[ActEntry]:
    """One change per author, however many of their entries are ticked."""
    blocked = set(await session.scalars(Block.of(wall.id, {entry.author for entry in entries})))
    changes = []
    for entry in entries:
        if (entry.author in blocked) != is_blocked:
            await block(wall, entry, session, is_blocked=is_blocked)
            blocked ^= {entry.author}
            changes.append(ActEntry(feedback_id=entry.id, before={"blocked": not is_blocked}))
    return changes
