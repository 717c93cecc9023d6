"""Running a piece of work on the configured database, made ready first."""

import asyncio
from collections.abc import Awaitable, Callable

from .. import installation
from ..config import Settings
from ..database import Database


def with_database(work: Callable[[Database], Awaitable[None]], *, anew: bool = False, thorough: bool = False) -> None:
    settings = Settings.from_environment()

    async def run() -> None:
        database = Database(installation.database_url(settings), synchronous=settings.synchronous)
        try:
            await installation.open_database(settings, database, anew=anew, thorough=thorough)
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


async def nothing(database: Database) -> None:
    """For commands that only want the database to be ready."""
