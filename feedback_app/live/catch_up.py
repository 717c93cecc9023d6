"""The catch-up cache: what reconnecting readers have missed, rendered once for all from the same version."""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

from ..database import Database
from ..walls.lookup import wall_by_slug
from ..walls.versions import VersionUnknown, WallVersions
from ..web.tasks import cancel_all
from .changes import changes_since, reload
from .hub import PUBLIC, TopicKey

MOST_CACHED = 32
MOST_BYTES = 256 * 1024


class CatchUp(NamedTuple):
    """What brings a reader of this topic to `version`: `body` as server-sent events, `html` for a plain answer."""

    key: TopicKey
    version: int
    body: bytes
    html: bytes = b""


class CatchUpKey(NamedTuple):
    slug: str
    after: int | None
    version: int


class CatchUpCache:
    """After a restart thousands reconnect, most of them from the same version."""

    def __init__(self, database: Database, wall_versions: WallVersions) -> None:
        self.database, self.wall_versions = database, wall_versions
        # Answers that were too large and became a reload, without their bodies.
        self._large: OrderedDict[tuple[int | None, str], CatchUp] = OrderedDict()
        self._cache: OrderedDict[CatchUpKey, asyncio.Task[CatchUp | None]] = OrderedDict()

    async def since(self, after: int | None, slug: str, *, at_least: int = 0) -> CatchUp | None:
        """The changes since the version `after`, up to `at_least` or later; None without a wall.

        A reader who has missed nothing costs no query while the wall's version is known.
        """
        try:
            state = await self.wall_versions.of(slug)
        except VersionUnknown:
            state = None
        if state is None:
            return await self._read(slug, after)
        version = max(state.version, at_least)
        if after == version:
            return CatchUp(TopicKey(PUBLIC, state.wall_id), version, b"")
        key = CatchUpKey(slug, after, version)
        reading = self._cache.get(key) or self._start(key)
        # Several requests wait for it, so none of them may cancel it.
        await asyncio.wait({reading})
        return reading.result()

    async def html_since(self, after: int | None, slug: str) -> CatchUp | None:
        """The same as one answer. A reader who has missed more than `MOST_BYTES` is asked to reload."""
        known = self._large.get((after, slug))
        if known is not None and await self._is_current(known, slug):
            return known
        missed = await self.since(after, slug)
        if missed is not None and len(missed.body) > MOST_BYTES:
            self._large[after, slug] = missed._replace(body=b"")
            while len(self._large) > MOST_CACHED:
                self._large.popitem(last=False)
        return missed

    async def _is_current(self, missed: CatchUp, slug: str) -> bool:
        try:
            state = await self.wall_versions.of(slug)
        except VersionUnknown:
            return False
        return state is not None and (state.wall_id, state.version) == (missed.key.wall_id, missed.version)

    async def close(self) -> None:
        """Cancel what is being read."""
        await cancel_all(self._cache.values())

    def _start(self, key: CatchUpKey) -> "asyncio.Task[CatchUp | None]":
        while len(self._cache) >= MOST_CACHED and next(iter(self._cache.values())).done():
            self._cache.popitem(last=False)
        reading = self._cache[key] = asyncio.create_task(self._read(key.slug, key.after))
        reading.add_done_callback(lambda _: self._evict(key))
        return reading

    def _evict(self, key: CatchUpKey) -> None:
        """Evict a result that failed or is too large, and the results for older versions."""
        reading = self._cache[key]
        missed = None if reading.cancelled() or reading.exception() else reading.result()
        for each in [each for each in self._cache if each.slug == key.slug and each.version < key.version]:
            if self._cache[each].done():
                del self._cache[each]
        if missed is None or len(missed.body) > MOST_BYTES:
            del self._cache[key]

    async def _read(self, slug: str, after: int | None) -> CatchUp | None:
        async with self.database.reading() as session:
            wall = await wall_by_slug(slug, session)
            if wall is None:
                return None
            changes = await changes_since(after, wall, session)
        html = changes.html.encode()
        if len(html) > MOST_BYTES:  # It would be in memory once per slow reader; the list is shorter.
            html = reload(changes.version).html.encode()
        return CatchUp(TopicKey(PUBLIC, wall.id), changes.version, changes.body, html)
