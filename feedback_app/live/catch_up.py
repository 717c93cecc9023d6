"""The past: what readers have missed, read and rendered once for all who resume from the same version."""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

from ..database import Database
from ..models import Wall
from ..walls.versions import VersionUnknown, WallVersions
from ..web.tasks import cancel_all
from .changes import changes_since, reload
from .hub import PUBLIC, Key

MOST_KEPT = 32
MOST_BYTES = 256 * 1024


class CatchUp(NamedTuple):
    """What brings a reader of this topic to `version`, as it goes down the stream, and as plain HTML."""

    key: Key
    version: int
    body: bytes
    html: bytes = b""


class Wanted(NamedTuple):
    slug: str
    after: int | None
    version: int


class CatchUpCache:
    """After a restart thousands come at once, who know the same and have missed the same."""

    def __init__(self, database: Database, wall_versions: WallVersions) -> None:
        self.database, self.wall_versions = database, wall_versions
        # What told somebody to fetch the list, without the much that it stands for.
        self._large: OrderedDict[tuple[int | None, str], CatchUp] = OrderedDict()
        self._kept: OrderedDict[Wanted, asyncio.Task[CatchUp | None]] = OrderedDict()

    async def since(self, after: int | None, slug: str, *, at_least: int = 0) -> CatchUp | None:
        """What is different on this wall since the version `after`, up to `at_least` or later; None without a wall.

        Who has missed nothing is told so without a question, where it is known.
        """
        try:
            state = await self.wall_versions.of(slug)
        except VersionUnknown:
            state = None
        if state is None:
            return await self._read(slug, after)
        version = max(state.version, at_least)
        if after == version:
            return CatchUp(Key(PUBLIC, state.wall_id), version, b"")
        wanted = Wanted(slug, after, version)
        reading = self._kept.get(wanted) or self._start(wanted)
        # Several wait for it, so that none of them may cancel it.
        await asyncio.wait({reading})
        return reading.result()

    async def html_since(self, after: int | None, slug: str) -> CatchUp | None:
        """The same for somebody who gets it as one answer: who has missed more than `MOST_BYTES` fetches the list."""
        known = self._large.get((after, slug))
        if known is not None and await self._is_current(known, slug):
            return known
        missed = await self.since(after, slug)
        if missed is not None and len(missed.body) > MOST_BYTES:
            self._large[after, slug] = missed._replace(body=b"")
            while len(self._large) > MOST_KEPT:
                self._large.popitem(last=False)
        return missed

    async def _is_current(self, missed: CatchUp, slug: str) -> bool:
        try:
            state = await self.wall_versions.of(slug)
        except VersionUnknown:
            return False
        return state is not None and (state.wall_id, state.version) == (missed.key.wall_id, missed.version)

    async def close(self) -> None:
        await cancel_all(self._kept.values())

    def _start(self, wanted: Wanted) -> "asyncio.Task[CatchUp | None]":
        while len(self._kept) >= MOST_KEPT and next(iter(self._kept.values())).done():
            self._kept.popitem(last=False)
        reading = self._kept[wanted] = asyncio.create_task(self._read(wanted.slug, wanted.after))
        reading.add_done_callback(lambda _: self._keep(wanted))
        return reading

    def _keep(self, wanted: Wanted) -> None:
        """It is there: keep it for others if it is not too large, and what was there for older versions no more."""
        reading = self._kept[wanted]
        missed = None if reading.cancelled() or reading.exception() else reading.result()
        for each in [each for each in self._kept if each.slug == wanted.slug and each.version < wanted.version]:
            if self._kept[each].done():
                del self._kept[each]
        if missed is None or len(missed.body) > MOST_BYTES:
            del self._kept[wanted]

    async def _read(self, slug: str, after: int | None) -> CatchUp | None:
        async with self.database.reading() as session:
            wall = await session.scalar(Wall.named(slug)) or await session.scalar(Wall.formerly(slug))
            if wall is None:
                return None
            news = await changes_since(after, wall, session)
        html = news.html.encode()
        if len(html) > MOST_BYTES:  # It would wait in memory for each who asks; the list is shorter.
            html = reload(news.version).html.encode()
        return CatchUp(Key(PUBLIC, wall.id), news.version, news.body, html)
