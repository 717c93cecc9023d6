"""Shared code of browser tests of the queue: log in, open it, find an entry."""

import re
from typing import Any

from playwright.async_api import BrowserContext, Page, expect
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.database import Database
from feedback_app.models import Wall as WallModel

from ..support.moderators import make_moderator
from .served_wall import Wall
from .wall_pages import LIVE

DESK = "/walls/main/moderation"


class QueuePages:
    """Changes the wall's database directly, and logs moderators in."""

    def __init__(self, wall: Wall) -> None:
        self.wall, self.database = wall, Database(f"sqlite:///{wall.data / 'feedback.sqlite3'}")

    async def let_in(self, context: BrowserContext, name: str) -> int:
        """Log a new moderator in; gives their id."""
        number, token = await make_moderator(self.database, name, ["main"])
        await context.add_cookies([{"name": "feedback", "value": token, "url": self.wall.url}])
        return int(number)

    async def arrange(self, **settings: Any) -> None:
        async def work(session: AsyncSession) -> None:
            found = (await session.scalars(WallModel.locked("main"))).one()
            for name, value in settings.items():
                setattr(found, name, value)

        await self.database.write(work)


async def open_desk(page: Page, wall: Wall, query: str = "") -> Page:
    await page.goto(f"{wall.url}{DESK}{query}")
    await page.wait_for_selector(LIVE)
    return page


def entry(page: Page, number: int) -> Any:
    return page.locator(f"#feedback-{number}")


async def unfold(page: Page, number: int) -> None:
    """Open the menu of an entry, which closes after each act."""
    more = entry(page, number).locator(".entry__more")
    await expect(more).not_to_have_attribute("open", re.compile(".*"))
    await more.locator("summary").click()
