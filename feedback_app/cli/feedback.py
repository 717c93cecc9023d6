"""Commands on single entries: hide, publish, remove."""

import click
from sqlalchemy.ext.asyncio import AsyncSession

from ..config import ConfigurationError
from ..database import Database
from ..models.act import ActRefused
from ..moderation import acts
from ..moderation.acts import NotFound, Order
from .context import with_database


@click.command()
@click.argument("number", type=click.IntRange(1))
def hide(number: int) -> None:
    """Take the feedback of this NUMBER off every screen; moderators still see it."""
    _act("hide", number)
    click.echo(f"Feedback {number} is hidden.")


@click.command()
@click.argument("number", type=click.IntRange(1))
def publish(number: int) -> None:
    """Put hidden or waiting feedback on the wall."""
    _act("publish", number)
    click.echo(f"Feedback {number} is public.")


@click.command()
@click.argument("number", type=click.IntRange(1))
def remove(number: int) -> None:
    """Take the feedback of this NUMBER off every screen; its words are deleted later."""
    _act("remove", number)
    click.echo(f"Feedback {number} is removed.")


def _act(verb: str, number: int) -> None:
    """Act like a moderator, with a row in the audit log."""

    async def change(database: Database) -> None:
        async def work(session: AsyncSession) -> None:
            try:
                await acts.act(Order(verb, [number], by=None), session)
            except NotFound:
                raise ConfigurationError(
                    f"There is no feedback {number}. Its number is in its permanent address."
                ) from None
            except ActRefused as refusal:
                raise ConfigurationError(str(refusal)) from None

        await database.write(work)

    with_database(change)


commands = (hide, publish, remove)
