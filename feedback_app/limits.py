"""How often one author may post: counted in the database, so that every process and machine counts together."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from limits import RateLimitItem
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Feedback, Post


class Tally:
    """How many posts each author has made within the windows of the limits; counts on while posts are taken in.

    What is counted are the posts themselves, whatever became of them. Those that are dated further ahead than the
    window is long were written under a clock that has been put right since, and are not held against anybody.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._counts: dict[tuple[RateLimitItem, str], int] = defaultdict(int)
        self._earliest: dict[tuple[RateLimitItem, str], datetime] = {}

    async def read(self, posts: Iterable[Post], session: AsyncSession) -> None:
        """One question about all authors and all windows."""
        limited = [post for post in posts if post.limits]
        limits = sorted({limit for post in limited for limit in post.limits}, key=_window)
        if not limits:
            return
        authors = {author for post in limited for author in post.authors}
        windows = [(self.at - _window(limit), self.at + _window(limit)) for limit in limits]
        for author, *found in await session.execute(Feedback.times_by(authors, windows)):
            for limit, count, earliest in zip(limits, found[::2], found[1::2], strict=True):
                if count:
                    self._counts[limit, author], self._earliest[limit, author] = count, earliest

    def add(self, post: Post) -> None:
        for limit in post.limits:
            self._counts[limit, post.authors[0]] += 1
            self._earliest.setdefault((limit, post.authors[0]), self.at)

    def seconds_to_wait(self, post: Post) -> int:
        """How long until its author may post again; 0 when they may now."""
        wait = timedelta()
        for limit in post.limits:
            if sum(self._counts[limit, author] for author in post.authors) >= limit.amount:
                times = [self._earliest[limit, author] for author in post.authors if (limit, author) in self._earliest]
                wait = max(wait, min(min(times) - self.at, timedelta()) + _window(limit))
        return 0 if wait <= timedelta() else int(wait.total_seconds()) + 1


def _window(limit: RateLimitItem) -> timedelta:
    return timedelta(seconds=limit.get_expiry())
