"""How often a visitor may post, and the newcomers of a network address together: counted in the database, so that all
processes and machines count together."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Submission
from ..text.rates import Rate

# What is above the allowance of an address is held, and what is so many times above it is refused.
REFUSED_FROM = 10
NO_TIME = timedelta()


class _Count:
    """What was counted in one window: by author or network, how many posts, and the time of the earliest of them."""

    def __init__(self) -> None:
        self.posts: dict[str, int] = {}
        self.earliest: dict[str, datetime] = {}

    def add(self, name: str, at: datetime) -> None:
        self.posts[name] = self.posts.get(name, 0) + 1
        self.earliest.setdefault(name, at)


class RateLimiter:
    """How many posts each visitor, and the newcomers of each network, made within the windows of the limits; counts on
    while posts are taken in.

    What is counted are the posts themselves, whatever became of them. Those that are dated further ahead than the
    window is long were written under a clock that has been put right since, and are not held against anybody.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._counts: dict[timedelta, _Count] = {}

    async def read(self, posts: Iterable[Submission], session: AsyncSession) -> None:
        """One question about all visitors, networks and windows."""
        limited = [post for post in posts if post.limits or post.allowance]
        windows = sorted({limit.window for post in limited for limit in (*post.limits, *post.allowance)})
        if not windows:
            return
        self._counts = {window: _Count() for window in windows}
        authors = {author for post in limited if post.limits for author in post.authors}
        networks = {network for post in limited if post.allowance for network in post.networks}
        spans = [(self.at - window, self.at + window) for window in windows]
        for name, *found in await session.execute(*Submission.times_by(authors, networks, spans)):
            for counted, posted, earliest in zip(self._counts.values(), found[::2], found[1::2], strict=True):
                if posted:
                    counted.posts[name], counted.earliest[name] = posted, earliest

    def add(self, post: Submission) -> None:
        for counted in self._counts.values():
            if post.limits:
                counted.add(post.authors[0], self.at)
            if post.allowance:
                counted.add(post.networks[0], self.at)

    def seconds_to_wait(self, post: Submission) -> int:
        """How long until its visitor may post again; 0 when they may now."""
        return self._seconds(post.authors, post.limits)

    def seconds_of_network(self, post: Submission) -> int:
        """How long until a newcomer of its network may post again; 0 when they may now."""
        return self._seconds(post.networks, post.allowance, REFUSED_FROM)

    def is_above_allowance(self, post: Submission) -> bool:
        return self._seconds(post.networks, post.allowance) > 0

    def _seconds(self, names: Sequence[str], limits: Iterable[Rate], times: int = 1) -> int:
        wait = NO_TIME
        for amount, window in limits:
            counted = self._counts[window]
            posted = 0
            for name in names:
                posted += counted.posts.get(name, 0)
            if posted >= amount * times:
                earliest = min(counted.earliest[name] for name in names if name in counted.earliest)
                wait = max(wait, min(earliest - self.at, NO_TIME) + window)
        return 0 if wait <= NO_TIME else int(wait.total_seconds()) + 1
