"""The teller: one task in each process that reads what changed, by whomever, and tells everybody who listens."""

import logging
import time

from jinja2 import Environment

from ..database import Database
from ..metrics import DATABASE_ERRORS, told
from ..models import Wall
from .desk import desk_news_since
from .hub import DESK, PUBLIC, Hub, Key
from .news import news_since
from .wake import Wake

NEWS = {PUBLIC: news_since, DESK: desk_news_since}
logger = logging.getLogger(__name__)


class Teller:
    def __init__(self, database: Database, hub: Hub, wake: Wake, templates: Environment) -> None:
        self.database, self.hub, self.wake, self.templates = database, hub, wake, templates
        self._behind_since: float | None = None

    @property
    def seconds_behind(self) -> float:
        """How long it has been trying to tell what it knows to have changed."""
        return 0 if self._behind_since is None else time.monotonic() - self._behind_since

    async def run(self) -> None:
        """Cancelled when the server stops. However long the database is away, that is said once."""
        is_away = False
        while True:
            await self.wake.wait()
            self._behind_since = self._behind_since or time.monotonic()
            try:
                await self.tell_all()
                self._behind_since = None
            except Exception as error:  # Whatever it is, we ask again, and listeners keep what they have.
                DATABASE_ERRORS.inc()
                if not is_away:
                    logger.error("The teller could not read what changed; it tries again.", exc_info=error)
                is_away = True
                self.wake.ring_later()
            else:
                if is_away and self.hub.topics:
                    logger.info("The teller reads what changed again.")
                    is_away = False

    async def tell_all(self) -> None:
        """Bring everybody who listens in this process up to the database."""
        if not self.hub.topics:
            return
        async with self.database.reading() as session:
            versions = (await session.execute(Wall.versions({key.wall_id for key in self.hub.topics}))).all()
        for wall_id, version, desk_version in versions:
            for key, newest in ((Key(PUBLIC, wall_id), version), (Key(DESK, wall_id), desk_version)):
                topic = self.hub.topics.get(key)
                if topic is not None and topic.version < newest:
                    await self.tell(key, topic.version)

    async def tell(self, key: Key, after: int) -> None:
        async with self.database.reading() as session:
            wall = await session.get_one(Wall, key.wall_id)
            news = await NEWS[key.kind](after, wall, session, self.templates)
        if key in self.hub.topics:
            await self.hub.tell(key, news.version, news.events())
            if key.kind == PUBLIC:
                told(news.version - after, news.changed_at)
