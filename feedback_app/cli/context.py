"""Running a piece of work on the configured database, made ready first."""

import asyncio
from collections.abc import Awaitable, Callable

import click

from ..config import Settings
from ..database import Database
from ..installation import data_folder


def say_beside(sentence: str) -> None:
    click.echo(sentence, err=True)


def with_database(
    work: Callable[[Database], Awaitable[None]],
    *,
    makes: bool = False,
    anew: bool = False,
    thorough: bool = False,
    say: Callable[[str], object] = say_beside,
) -> None:
    """Where there is no installation, one is made if the command `makes` one, which it says; else it raises that.

    Raises ConfigurationError, DatabaseUnfit, and what `work` raises.
    """
    settings = Settings.from_environment()

    async def run() -> None:
        database = Database(data_folder.database_url(settings), synchronous=settings.synchronous)
        try:
            if await data_folder.open_database(settings, database, create=makes, allow_empty=anew, thorough=thorough):
                say(f"Made an installation in {data_folder.place_of(settings)}.")
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


async def nothing(database: Database) -> None:
    """For commands that only want the database to be ready."""
