"""The teller: one task in each process that reads what changed, by whomever, and tells everybody who listens."""

import logging

from jinja2 import Environment

from ..database import Database
from ..models import Wall
from .hub import Hub
from .news import news_since
from .wake import Wake

logger = logging.getLogger(__name__)


class Teller:
    def __init__(self, database: Database, hub: Hub, wake: Wake, templates: Environment) -> None:
        self.database, self.hub, self.wake, self.templates = database, hub, wake, templates

    async def run(self) -> None:
        """Cancelled when the server stops. However long the database is away, that is said once."""
        is_away = False
        while True:
            await self.wake.wait()
            try:
                await self.tell_all()
            except Exception as error:  # Whatever it is, we ask again, and listeners keep what they have.
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
            versions = (await session.execute(Wall.versions(self.hub.topics))).all()
        for wall_id, version in versions:
            topic = self.hub.topics.get(wall_id)
            if topic is not None and topic.version < version:
                await self.tell(wall_id, topic.version)

    async def tell(self, wall_id: int, after: int) -> None:
        async with self.database.reading() as session:
            wall = await session.get_one(Wall, wall_id)
            news = await news_since(after, wall, session, self.templates)
        if wall_id in self.hub.topics:
            await self.hub.tell(wall_id, news.version, news.events())
