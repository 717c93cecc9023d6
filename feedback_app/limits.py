"""How often one author may post: counted in the database, so that every process and machine counts together."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from .models import Post
from .rates import Rate


class _Count:
    """What one limit has counted: by author, how many posts, and the time of the earliest of them."""

    def __init__(self, limit: Rate) -> None:
        self.amount, self.window = limit.amount, limit.window
        self.posts: dict[str, int] = {}
        self.earliest: dict[str, datetime] = {}


class Tally:
    """How many posts each author has made within the windows of the limits; counts on while posts are taken in.

    What is counted are the posts themselves, whatever became of them. Those that are dated further ahead than the
    window is long were written under a clock that has been put right since, and are not held against anybody.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._counts: dict[Rate, _Count] = {}

    async def read(self, posts: Iterable[Post], session: AsyncSession) -> None:
        """One question about all authors and all windows."""
        limited = [post for post in posts if post.limits]
        limits = sorted({limit for post in limited for limit in post.limits}, key=lambda limit: limit.window)
        if not limits:
            return
        self._counts = {limit: _Count(limit) for limit in limits}
        authors = {author for post in limited for author in post.authors}
        windows = [(self.at - limit.window, self.at + limit.window) for limit in limits]
        for author, *found in await session.execute(*Post.times_by(authors, windows)):
            for counted, posted, earliest in zip(self._counts.values(), found[::2], found[1::2], strict=True):
                if posted:
                    counted.posts[author], counted.earliest[author] = posted, earliest

    def add(self, post: Post) -> None:
        author = post.authors[0]
        for counted in self._of(post):
            counted.posts[author] = counted.posts.get(author, 0) + 1
            counted.earliest.setdefault(author, self.at)

    def seconds_to_wait(self, post: Post) -> int:
        """How long until its author may post again; 0 when they may now."""
        wait = timedelta()
        for counted in self._of(post):
            if sum(counted.posts.get(author, 0) for author in post.authors) >= counted.amount:
                times = [counted.earliest[author] for author in post.authors if author in counted.earliest]
                wait = max(wait, min(min(times) - self.at, timedelta()) + counted.window)
        return 0 if wait <= timedelta() else int(wait.total_seconds()) + 1

    def _of(self, post: Post) -> Iterable[_Count]:
        return (self._counts[limit] for limit in post.limits)
