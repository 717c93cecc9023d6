"""Commands on walls: add, list."""

import click
from sqlalchemy.ext.asyncio import AsyncSession

from ..config import ConfigurationError
from ..database import Database
from ..models import Wall
from ..models.former_address import slug_fault
from ..models.wall import TITLE_LENGTH
from ..text.cleaning import InvalidText, clean, is_blank
from .context import with_database


@click.group()
def wall() -> None:
    """Walls: add one, list them."""


@wall.command("add")
@click.argument("slug")
@click.option("--title", help="The heading of the wall; the address by default.")
def add(slug: str, title: str | None) -> None:
    """Make a wall at /walls/SLUG.
    \f

    Raises ConfigurationError for an invalid address or title.
    """
    if fault := slug_fault(slug):
        raise ConfigurationError(fault)
    try:
        title = clean(title or slug, most=TITLE_LENGTH, most_code_points=TITLE_LENGTH, lines=False)
    except InvalidText as error:
        raise ConfigurationError(f"The title cannot be used. {error}") from None
    if is_blank(title):
        raise ConfigurationError(f"A title has 1 to {TITLE_LENGTH} characters.")

    async def make(database: Database) -> None:
        async def work(session: AsyncSession) -> None:
            if await session.scalar(Wall.named(slug)):
                raise ConfigurationError(f"There is a wall {slug} already.")
            session.add(Wall(slug=slug, title=title))

        await database.write(work)

    with_database(make, create=True)
    click.echo(f"The wall {slug} is at /walls/{slug}.")
    click.echo(f"Nobody owns it yet: feedback-app moderator add NAME --wall {slug} --role owner")


@wall.command("list")
def list_() -> None:
    """One line a wall: its address and its title."""

    async def show(database: Database) -> None:
        async with database.reading() as session:
            for each in await session.scalars(Wall.all()):
                click.echo(f"{each.slug}\t{each.title}")

    with_database(show)


commands = (wall,)
