"""The broadcaster: reads changes that any process committed, and sends them to the listeners of this process."""

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
from .hub import INDEX, PUBLIC, QUEUE, Hub, TopicKey
from .queue_changes import queue_changes_since
from .wall_index import wall_index_changes_since

CHANGES = {PUBLIC: changes_since, QUEUE: queue_changes_since, INDEX: wall_index_changes_since}
# Changes of a topic that follow this soon are collected, and sent together.
BURST_SECONDS = 0.05
# However often the watcher notifies, the database is read at most this often.
MIN_PAUSE_SECONDS = 0.01
logger = logging.getLogger(__name__)


class Broadcaster:
    """Broadcasts each topic in a task of its own, so that one with many listeners does not delay the others."""

    def __init__(self, database: Database, hub: Hub, watcher: CommitWatcher) -> None:
        self.database, self.hub, self.watcher = database, hub, watcher
        self._broadcasting: dict[TopicKey, asyncio.Task[None]] = {}
        # Start times of attempts to send a topic or, under None, to find the changed topics.
        self._attempts: dict[TopicKey | None, float] = {}
        self._is_failing = False
        hub.on_topic = watcher.notify

    @property
    def seconds_behind(self) -> float:
        """The age of the oldest change that is not sent yet."""
        return time.monotonic() - min(self._attempts.values()) if self._attempts else 0

    async def run(self) -> None:
        """Broadcast for ever; cancelled when the server stops."""
        while True:
            await self.watcher.wait()
            await self._try(None, self.send_all())
            await asyncio.sleep(MIN_PAUSE_SECONDS)

    async def close(self) -> None:
        """Cancel what is being sent, after `run` has ended."""
        await cancel_all(self._broadcasting.values())

    async def send_all(self) -> None:
        """Start to broadcast every topic that is behind the database."""
        for gone in self._attempts.keys() - self.hub.topics.keys() - {None}:
            del self._attempts[gone]
        keys = self.hub.topics.keys() - self._broadcasting.keys()
        if not keys:
            return
        async with self.database.reading() as session:
            versions = (await session.execute(Wall.versions({key.wall_id for key in keys}))).all()
        for wall_id, version, desk_version in versions:
            for kind, newest in ((PUBLIC, version), (QUEUE, desk_version), (INDEX, desk_version)):
                key = TopicKey(kind, wall_id)
                topic = self.hub.topics.get(key)
                if topic is not None and topic.version < newest and key not in self._broadcasting:
                    self._broadcasting[key] = asyncio.create_task(self._broadcast(key, topic.version))

    async def _broadcast(self, key: TopicKey, after: int) -> None:
        """Send it now, and nothing more of this topic for BURST_SECONDS."""
        clock = asyncio.get_running_loop().time
        end = clock() + BURST_SECONDS
        is_sent = await self._try(key, self.send(key, after))
        await asyncio.sleep(end - clock())
        del self._broadcasting[key]
        if is_sent:  # Commits in the meantime skipped this topic.
            self.watcher.notify()

    async def send(self, key: TopicKey, after: int) -> None:
        """Read the changes since the version `after`, and send them. Lets errors of the database through."""
        async with self.database.reading() as session:
            wall = await session.get_one(Wall, key.wall_id)
            changes = await CHANGES[key.kind](after, wall, session)
        if key in self.hub.topics:
            await self.hub.send(key, changes.version, changes.events())
            if key.kind == PUBLIC:
                broadcast_done(changes.version - after, changes.changed_at)

    async def _try(self, key: TopicKey | None, work: Coroutine[None, None, None]) -> bool:
        """Whether it worked. Logs a failure once, except an outage, which `database` logs."""
        self._attempts.setdefault(key, time.monotonic())
        try:
            await work
        except Exception as error:  # The next attempt sends the same changes, so that listeners miss none.
            DATABASE_ERRORS.inc()
            if not self._is_failing and not is_outage(error):
                logger.error("The broadcaster could not read the changes. It tries again.", exc_info=error)
            self._is_failing = True
            self.watcher.notify_later()
            return False
        self._attempts.pop(key, None)
        if not self._attempts:
            self._is_failing = False
        return True
