"""The teller: one task in each process that reads what changed, by whomever, and tells everybody who listens."""

import asyncio
import logging
import time
from collections.abc import Coroutine

from ..database import Database, is_outage
from ..models import Wall
from ..web.metrics import DATABASE_ERRORS, broadcast_done
from ..web.tasks import cancel_all
from .changes import changes_since
from .commit_watch import CommitWatcher
from .hub import DESK, INDEX, PUBLIC, Hub, Key
from .queue_changes import queue_changes_since
from .wall_index import wall_index_changes_since

NEWS = {PUBLIC: changes_since, DESK: queue_changes_since, INDEX: wall_index_changes_since}
# News that comes this soon after other news of the same topic waits, and is told together with what comes meanwhile.
BURST_SECONDS = 0.05
# However often the bell rings, the database is not asked more often than this.
LOOK_SECONDS = 0.01
logger = logging.getLogger(__name__)


class Broadcaster:
    """Each topic is told by itself, so that one with very many listeners keeps the others from nothing."""

    def __init__(self, database: Database, hub: Hub, watcher: CommitWatcher) -> None:
        self.database, self.hub, self.watcher = database, hub, watcher
        self._telling: dict[Key, asyncio.Task[None]] = {}
        # Since when it has been trying to tell a topic or, under None, to see which of them have changed.
        self._trying: dict[Key | None, float] = {}
        self._is_away = False
        hub.on_topic = watcher.notify

    @property
    def seconds_behind(self) -> float:
        """How long it has been trying to tell what it knows to have changed."""
        return time.monotonic() - min(self._trying.values()) if self._trying else 0

    async def run(self) -> None:
        """Cancelled when the server stops."""
        while True:
            await self.watcher.wait()
            await self._try(None, self.send_all())
            await asyncio.sleep(LOOK_SECONDS)

    async def close(self) -> None:
        """After `run` has ended: what was being told."""
        await cancel_all(self._telling.values())

    async def send_all(self) -> None:
        """See to it that everybody who listens in this process is brought up to the database."""
        for gone in self._trying.keys() - self.hub.topics.keys() - {None}:
            del self._trying[gone]
        keys = self.hub.topics.keys() - self._telling.keys()
        if not keys:
            return
        async with self.database.reading() as session:
            versions = (await session.execute(Wall.versions({key.wall_id for key in keys}))).all()
        for wall_id, version, desk_version in versions:
            for kind, newest in ((PUBLIC, version), (DESK, desk_version), (INDEX, desk_version)):
                key = Key(kind, wall_id)
                topic = self.hub.topics.get(key)
                if topic is not None and topic.version < newest and key not in self._telling:
                    self._telling[key] = asyncio.create_task(self._tell(key, topic.version))

    async def _tell(self, key: Key, after: int) -> None:
        """Tell it at once, and nothing more of this topic before the time of a burst is over."""
        clock = asyncio.get_running_loop().time
        cancel_all = clock() + BURST_SECONDS
        has_told = await self._try(key, self.tell(key, after))
        await asyncio.sleep(cancel_all - clock())
        del self._telling[key]
        if has_told:  # What was committed meanwhile rang in vain.
            self.watcher.notify()

    async def tell(self, key: Key, after: int) -> None:
        async with self.database.reading() as session:
            wall = await session.get_one(Wall, key.wall_id)
            news = await NEWS[key.kind](after, wall, session)
        if key in self.hub.topics:
            await self.hub.tell(key, news.version, news.events())
            if key.kind == PUBLIC:
                broadcast_done(news.version - after, news.changed_at)

    async def _try(self, key: Key | None, work: Coroutine[None, None, None]) -> bool:
        """Whether it worked. That the database is away is said by whoever asks it first, anything else here, once."""
        self._trying.setdefault(key, time.monotonic())
        try:
            await work
        except Exception as error:  # Whatever it is, we ask again, and listeners keep what they have.
            DATABASE_ERRORS.inc()
            if not self._is_away and not is_outage(error):
                logger.error("The teller could not read what changed; it tries again.", exc_info=error)
            self._is_away = True
            self.watcher.ring_later()
            return False
        self._trying.pop(key, None)
        if not self._trying:
            self._is_away = False
        return True
