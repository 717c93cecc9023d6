"""Storing posts: all that wait for the writer, in one transaction with few statements (group commit)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from ...antispam.rate_limits import RateLimiter
from ...antispam.rules import PostingRules
from ...clock import now
from ...database import NothingWritten
from ...models import Feedback, Submission, Wall
from ...models.feedback import INSERT_COLUMNS


class Reason(StrEnum):
    """Why a post is not stored."""

    NO_WALL = "no wall"
    CLOSED = "closed"
    BLOCKED = "blocked"
    # The rate limit of the visitor, the wall's slow mode, or the rate limit of a network's newcomers.
    TOO_OFTEN = "too often"
    SLOW_MODE = "slow mode"
    CROWDED = "crowded"


@dataclass(frozen=True, slots=True)
class Refused(NothingWritten):
    """A post that is not stored; `retry_after` is in seconds, 0 when waiting does not help."""

    reason: Reason
    retry_after: int = 0

    @property
    def outcome(self) -> str:
        """The label in the metrics."""
        return "limited" if self.retry_after else self.reason.value


async def store_posts(session: AsyncSession, posts: Sequence[Submission]) -> list[Feedback | Refused]:
    """For each post its entry, new or already stored, or else Refused.

    The walls stay locked until the commit, so no post is stored twice: neither when the same form reaches another
    process, nor when this transaction is retried.
    """
    # The rate limit of a network's newcomers spans all walls.
    locking = Wall.all_locked({post.wall_id for post in posts}, and_first=any(post.allowance for post in posts))
    walls = {wall.id: wall for wall in await session.scalars(*locking)}
    kept, blocked, watched = await _known(posts, session)
    at = now()
    limiter, rules = RateLimiter(at), PostingRules(walls.values(), blocked, watched, at)
    await limiter.read(posts, session)
    await rules.read(posts, session)

    new: list[Feedback] = []
    answers: list[Feedback | Refused] = []
    for post in posts:
        earlier = [kept[post.wall_id, key] for key in post.keys if (post.wall_id, key) in kept]
        if same := next((each for each in earlier if post.is_stored_as(each)), None):
            same.is_repeated = True
            answers.append(same)
        elif refusal := _refusal(post, walls, limiter, rules):
            answers.append(refusal)
        else:
            key = post.keys[-1 if earlier else 0]
            reason = rules.reason(post, is_above_allowance=limiter.is_above_allowance(post))
            feedback = walls[post.wall_id].receive(
                name=post.name, text=post.text, author=post.authors[0], key=key, reason=reason, **post.origin
            )
            kept[post.wall_id, key] = feedback
            limiter.add(post)
            rules.add(post)
            new.append(feedback)
            answers.append(feedback)

    if new:
        await _store(new, session)
    return answers


Pairs = set[tuple[int, str]]


async def _known(
    posts: Sequence[Submission], session: AsyncSession
) -> tuple[dict[tuple[int, str | None], Feedback], Pairs, Pairs]:
    """The entries already stored under the posts' idempotency keys, the blocked authors, and the watched networks."""
    found = (await session.execute(*Submission.known(posts))).all()
    numbers = [number for _, number, _, kind in found if kind == "key"]
    kept = await session.scalars(Feedback.with_numbers(numbers)) if numbers else ()
    blocked, watched = (
        {(wall_id, digest) for wall_id, _, digest, each in found if each == kind} for kind in ("author", "network")
    )
    return {(each.wall_id, each.key): each for each in kept}, blocked, watched


def _refusal(post: Submission, walls: Mapping[int, Wall], limiter: RateLimiter, rules: PostingRules) -> Refused | None:
    if post.wall_id not in walls:
        return Refused(Reason.NO_WALL)
    if not walls[post.wall_id].is_open:
        return Refused(Reason.CLOSED)
    if rules.is_blocked(post):
        return Refused(Reason.BLOCKED)
    waits = {
        Reason.SLOW_MODE: rules.seconds_to_wait(post),
        Reason.TOO_OFTEN: limiter.seconds_to_wait(post),
        Reason.CROWDED: limiter.seconds_of_network(post),
    }
    reason = max(waits, key=lambda each: waits[each])
    return Refused(reason, waits[reason]) if waits[reason] else None


async def _store(new: Sequence[Feedback], session: AsyncSession) -> None:
    """Insert all entries in one statement. Where it cannot return their ids, as on MySQL, a second one reads them."""
    rows = [each.row(INSERT_COLUMNS) for each in new]
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        stored = await session.execute(*Submission.storing_columns(rows))
    elif dialect.insert_executemany_returning:
        stored = await session.execute(Submission.storing(), rows)
    else:
        await session.execute(Feedback.insertion(), rows)
        stored = await session.execute(*Submission.numbers_under((each.wall_id, str(each.key)) for each in new))
    numbers = {(wall_id, key): number for wall_id, number, key in stored}
    for each in new:
        each.take_number(numbers[each.wall_id, each.key])
