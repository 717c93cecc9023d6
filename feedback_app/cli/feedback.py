"""The commands about single pieces of feedback."""

from collections.abc import Callable

import click
from sqlalchemy.ext.asyncio import AsyncSession

from ..config import ConfigurationError
from ..database import Database
from ..models import Feedback, Wall
from .running import with_database


@click.command()
@click.argument("number", type=click.IntRange(1))
def hide(number: int) -> None:
    """Take the feedback of this NUMBER off every screen; its words stay in the database."""
    _change(number, Wall.hide)
    click.echo(f"Feedback {number} is hidden.")


@click.command()
@click.argument("number", type=click.IntRange(1))
def publish(number: int) -> None:
    """Put hidden feedback back in its place."""
    _change(number, Wall.publish)
    click.echo(f"Feedback {number} is public.")


@click.command()
@click.argument("number", type=click.IntRange(1))
def remove(number: int) -> None:
    """Take the feedback of this NUMBER off every screen for good, and its words out of the database."""
    _change(number, Wall.remove)
    click.echo(f"Feedback {number} is removed.")


def _change(number: int, verb: Callable[[Wall, Feedback], None]) -> None:
    async def change(database: Database) -> None:
        async def work(session: AsyncSession) -> None:
            wall = await session.scalar(Wall.locked_with(number))
            if wall is None:
                raise ConfigurationError(f"There is no feedback {number}. Its number is in its permanent address.")
            verb(wall, (await session.scalars(Feedback.numbered(wall.id, number))).one())

        await database.write(work)

    with_database(change)


commands = (hide, publish, remove)
