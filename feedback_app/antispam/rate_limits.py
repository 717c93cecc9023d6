"""Rate limits of posts, per visitor and for all newcomers of a network, counted in the database across processes."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Submission
from ..text.rates import Rate

# Posts above a network's allowance are held; above this multiple of it they are refused.
REFUSED_FROM = 10
NO_TIME = timedelta()


class _Count:
    """The counts of one window: the number of posts by author or network, and the time of the earliest."""

    def __init__(self) -> None:
        self.posts: dict[str, int] = {}
        self.earliest: dict[str, datetime] = {}

    def add(self, name: str, at: datetime) -> None:
        self.posts[name] = self.posts.get(name, 0) + 1
        self.earliest.setdefault(name, at)


class RateLimiter:
    """Sliding windows over stored posts, per visitor and per network's newcomers, for one batch of posts.

    Stored posts count in every state. Posts dated further in the future than the window is long do not
    count: the clock was wrong when they were stored.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._counts: dict[timedelta, _Count] = {}

    async def read(self, posts: Iterable[Submission], session: AsyncSession) -> None:
        """Read the counts for these posts, in one query for all visitors, networks and windows."""
        limited = [post for post in posts if post.limits or post.allowance]
        windows = sorted({limit.window for post in limited for limit in (*post.limits, *post.allowance)})
        if not windows:
            return
        self._counts = {window: _Count() for window in windows}
        authors = {author for post in limited if post.limits for author in post.authors}
        networks = {network for post in limited if post.allowance for network in post.networks}
        spans = [(self.at - window, self.at + window) for window in windows]
        for name, *found in await session.execute(*Submission.times_by(authors, networks, spans)):
            for count, posts_of_name, earliest in zip(self._counts.values(), found[::2], found[1::2], strict=True):
                if posts_of_name:
                    count.posts[name], count.earliest[name] = posts_of_name, earliest

    def add(self, post: Submission) -> None:
        """Count a post of this batch that is stored."""
        for count in self._counts.values():
            if post.limits:
                count.add(post.authors[0], self.at)
            if post.allowance:
                count.add(post.networks[0], self.at)

    def seconds_to_wait(self, post: Submission) -> int:
        """Seconds until its visitor may post again; 0 when they may now."""
        return self._seconds(post.authors, post.limits)

    def seconds_of_network(self, post: Submission) -> int:
        """Seconds until a newcomer of its network may post again; 0 when they may now."""
        return self._seconds(post.networks, post.allowance, REFUSED_FROM)

    def is_above_allowance(self, post: Submission) -> bool:
        """Whether its network's newcomers have used up their allowance, so that the post is to be held."""
        return self._seconds(post.networks, post.allowance) > 0

    def _seconds(self, names: Sequence[str], limits: Iterable[Rate], times: int = 1) -> int:
        wait = NO_TIME
        for amount, window in limits:
            count = self._counts[window]
            posted = 0
            for name in names:
                posted += count.posts.get(name, 0)
            if posted >= amount * times:
                earliest = min(count.earliest[name] for name in names if name in count.earliest)
                wait = max(wait, min(earliest - self.at, NO_TIME) + window)
        return 0 if wait <= NO_TIME else int(wait.total_seconds()) + 1
