"""Posting rules of a wall: blocked authors, slow mode, and which posts are held for moderation."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Author, Submission, Wall
from ..models.base import Hold
from ..text.cleaning import has_link


class PostingRules:
    """The rules of the walls that a batch of posts is for; `add` each stored post."""

    def __init__(
        self,
        walls: Iterable[Wall],
        blocked: Collection[tuple[int, str]],
        watched: Collection[tuple[int, str]],
        at: datetime,
    ) -> None:
        """`blocked` has blocked authors and `watched` the networks of blocked authors, as (wall id, pseudonym)."""
        self.at = at
        self._walls = {wall.id: wall for wall in walls}
        self._blocked, self._watched = blocked, watched
        self._known: set[tuple[int, str]] = set()
        self._latest: dict[tuple[int, str], datetime] = {}

    async def read(self, posts: Sequence[Submission], session: AsyncSession) -> None:
        """Read known authors and latest posts: at most one query for first-time holding and one for slow mode."""
        authors = {(post.wall_id, author) for post in posts for author in post.authors}
        first = {each for each in authors if each[0] in self._walls and self._walls[each[0]].hold == Hold.FIRST}
        if first:
            found = await session.execute(*Author.known_among(first))
            self._known = {(wall_id, author) for wall_id, author, is_known in found if is_known}

        slow = {each for each in authors if each[0] in self._walls and self._walls[each[0]].slow_seconds}
        if slow:
            longest = timedelta(seconds=max(self._walls[wall_id].slow_seconds for wall_id, _ in slow))
            statement = Author.latest_among(slow, since=self.at - longest, until=self.at + longest)
            for wall_id, author, latest in await session.execute(*statement):
                if latest is not None:
                    self._latest[wall_id, author] = latest

    def is_blocked(self, post: Submission) -> bool:
        """Whether its author may not write on this wall."""
        return post.is_recognised and any((post.wall_id, author) in self._blocked for author in post.authors)

    def seconds_to_wait(self, post: Submission) -> int:
        """Seconds that the wall's slow mode makes this author wait; 0 when they may write now."""
        times = [self._latest[post.wall_id, each] for each in post.authors if (post.wall_id, each) in self._latest]
        if not times:
            return 0
        # For a post from the future the clock was wrong when it was stored.
        wait = timedelta(seconds=self._walls[post.wall_id].slow_seconds) - max(self.at - max(times), timedelta())
        return 0 if wait <= timedelta() else int(wait.total_seconds()) + 1

    def reason(self, post: Submission, *, is_above_allowance: bool) -> str | None:
        """Why the post is held: `blocked`, `address`, `all`, `first` or `links`; None when it is public immediately.

        `blocked` and `address` take precedence: these posts get no visitor token yet (walls/posting/submit.py).
        """
        if post.is_newcomer and any((post.wall_id, network) in self._watched for network in post.networks):
            return "blocked"
        if is_above_allowance:
            return "address"
        hold = self._walls[post.wall_id].hold
        is_known = post.is_recognised and any((post.wall_id, author) in self._known for author in post.authors)
        if hold == Hold.ALL or (hold == Hold.FIRST and not is_known):
            return hold
        return hold if hold == Hold.LINKS and (has_link(post.name) or has_link(post.text)) else None

    def add(self, post: Submission) -> None:
        """Note a post of this batch that is stored, for slow mode."""
        if self._walls[post.wall_id].slow_seconds:
            self._latest[post.wall_id, post.authors[0]] = self.at
