"""Policies: whom a wall lets write, how soon again, and what it holds until a moderator has looked."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Author, Submission, Wall
from ..text.cleaning import has_link


class PostingRules:
    """What the walls of some posts say about them; reads on while posts are taken in."""

    def __init__(
        self,
        walls: Iterable[Wall],
        blocked: Collection[tuple[int, str]],
        watched: Collection[tuple[int, str]],
        at: datetime,
    ) -> None:
        """`blocked` are those of the authors who may not write, and `watched` the networks of such authors, both by
        the wall's number."""
        self.at = at
        self._walls = {wall.id: wall for wall in walls}
        self._blocked, self._watched = blocked, watched
        self._known: set[tuple[int, str]] = set()
        self._latest: dict[tuple[int, str], datetime] = {}

    async def read(self, posts: Sequence[Submission], session: AsyncSession) -> None:
        """One question for each policy that one of the walls has."""
        authors = {(post.wall_id, author) for post in posts for author in post.authors}
        first = {each for each in authors if each[0] in self._walls and self._walls[each[0]].hold == "first"}
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
        return post.is_recognised and any((post.wall_id, author) in self._blocked for author in post.authors)

    def seconds_to_wait(self, post: Submission) -> int:
        """How long the wall's slow mode has this author wait; 0 when they may write now."""
        times = [self._latest[post.wall_id, each] for each in post.authors if (post.wall_id, each) in self._latest]
        if not times:
            return 0
        # A post from the future was written under a clock that has been put right since.
        wait = timedelta(seconds=self._walls[post.wall_id].slow_seconds) - max(self.at - max(times), timedelta())
        return 0 if wait <= timedelta() else int(wait.total_seconds()) + 1

    def reason(self, post: Submission, *, is_above_allowance: bool) -> str | None:
        """Why the post is to be held, in one word; None where it is public at once.

        `blocked` and `address` come first, since who is held for one of them gets no visitor token yet (writing.py).
        """
        if post.is_newcomer and any((post.wall_id, network) in self._watched for network in post.networks):
            return "blocked"
        if is_above_allowance:
            return "address"
        hold = self._walls[post.wall_id].hold
        is_known = post.is_recognised and any((post.wall_id, author) in self._known for author in post.authors)
        if hold == "all" or (hold == "first" and not is_known):
            return hold
        return hold if hold == "links" and (has_link(post.name) or has_link(post.text)) else None

    def add(self, post: Submission) -> None:
        """It was taken in."""
        if self._walls[post.wall_id].slow_seconds:
            self._latest[post.wall_id, post.authors[0]] = self.at
