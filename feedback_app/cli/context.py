"""Runs a command's work on the configured database, after it has prepared that."""

import asyncio
from collections.abc import Awaitable, Callable

import click

from ..config import Settings
from ..database import Database
from ..installation import data_folder


def print_to_stderr(sentence: str) -> None:
    """Print a message that is not the command's output."""
    click.echo(sentence, err=True)


def with_database(
    work: Callable[[Database], Awaitable[None]],
    *,
    create: bool = False,
    allow_empty: bool = False,
    thorough: bool = False,
    report: Callable[[str], object] = print_to_stderr,
) -> None:
    """Open the database, run `work` on it, and close it. A missing installation is made if `create` is true.

    `allow_empty` and `thorough` are as in `data_folder.open_database`; `report` prints that an installation was made.
    Raises ConfigurationError, DatabaseUnfit, and what `work` raises.
    """
    settings = Settings.from_environment()

    async def run() -> None:
        database = Database(data_folder.database_url(settings), synchronous=settings.synchronous)
        try:
            if await data_folder.open_database(
                settings, database, create=create, allow_empty=allow_empty, thorough=thorough
            ):
                report(f"Made an installation in {data_folder.place_of(settings)}.")
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


async def no_work(database: Database) -> None:
    """For commands that only prepare the database."""
