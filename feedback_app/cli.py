"""The command line."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import click
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from . import create_app, demo, installation, server
from .config import ConfigurationError, Settings
from .database import Database, DatabaseUnfit
from .models import Feedback, Wall
from .models.wall import TITLE_LENGTH, slug_fault
from .words import Unfit, clean, is_blank


def main() -> None:
    """Run a command; a mistake of the user's is one line on standard error and exit code 1."""
    try:
        commands(standalone_mode=True)
    except (ConfigurationError, DatabaseUnfit) as error:
        raise SystemExit(f"feedback-app: {error}") from None
    except SQLAlchemyError as error:
        raise SystemExit(
            f"feedback-app: The database does not answer: {getattr(error, 'orig', None) or error}"
        ) from None


@click.group(invoke_without_command=True)
@click.version_option(package_name="feedback-app")
@click.pass_context
def commands(context: click.Context) -> None:
    """A live feedback wall. Without a command: serve it."""
    if context.invoked_subcommand is None:
        context.invoke(serve)


@commands.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
def serve(host: str, port: int) -> None:
    """Make what is missing (data folder, database, the wall `main`) and serve the walls."""
    settings = Settings.from_environment()
    try:
        listening = server.listen(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. Choose another one with --port."
        ) from None
    _with_database(_nothing)
    port = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    address = settings.base_url or f"http://{shown}:{port}"
    server.run(create_app(), listening, lambda: click.echo(f"The wall is at {address}/walls/main"))


@commands.command()
def migrate() -> None:
    """Bring the database to this version's schema; an empty one is made into one of ours."""
    _with_database(_nothing, anew=True)
    click.echo("The database is up to date.")


@commands.group()
def wall() -> None:
    """Walls: add one, list them."""


@wall.command("add")
@click.argument("slug")
@click.option("--title", help="What stands at the top; the address if it is left out.")
def add_wall(slug: str, title: str | None) -> None:
    """Make a wall at /walls/SLUG."""
    if fault := slug_fault(slug):
        raise ConfigurationError(fault)
    try:
        title = clean(title or slug, most=TITLE_LENGTH, most_code_points=TITLE_LENGTH, lines=False)
    except Unfit as unfit:
        raise ConfigurationError(f"The title cannot be taken. {unfit}") from None
    if is_blank(title):
        raise ConfigurationError(f"A title has 1 to {TITLE_LENGTH} characters.")

    async def add(database: Database) -> None:
        async def work(session: AsyncSession) -> None:
            if await session.scalar(Wall.named(slug)):
                raise ConfigurationError(f"There is a wall {slug} already.")
            session.add(Wall(slug=slug, title=title))

        await database.write(work)

    _with_database(add)
    click.echo(f"The wall {slug} is at /walls/{slug}.")


@wall.command("list")
def list_walls() -> None:
    """One line a wall: its address and its title."""

    async def show(database: Database) -> None:
        async with database.reading() as session:
            for each in await session.scalars(Wall.all()):
                click.echo(f"{each.slug}\t{each.title}")

    _with_database(show)


@commands.command()
@click.argument("number", type=click.IntRange(1))
def hide(number: int) -> None:
    """Take the feedback of this NUMBER off every screen; its words stay in the database."""
    _change(number, Wall.hide)
    click.echo(f"Feedback {number} is hidden.")


@commands.command()
@click.argument("number", type=click.IntRange(1))
def publish(number: int) -> None:
    """Put hidden feedback back in its place."""
    _change(number, Wall.publish)
    click.echo(f"Feedback {number} is public.")


def _change(number: int, verb: Callable[[Wall, Feedback], None]) -> None:
    async def change(database: Database) -> None:
        async def work(session: AsyncSession) -> None:
            wall = await session.scalar(Wall.locked_with(number))
            if wall is None:
                raise ConfigurationError(f"There is no feedback {number}. Its number is in its permanent address.")
            verb(wall, (await session.scalars(Feedback.numbered(wall.id, number))).one())

        await database.write(work)

    _with_database(change)


@commands.command("demo")
@click.argument("slug", metavar="[WALL]", default="main")
@click.option("--every", default=3.0, show_default=True, type=click.FloatRange(0.05), help="Seconds between posts.")
@click.option("--count", default=0, type=click.IntRange(0), help="How many; 0 goes on until it is stopped.")
def run_demo(slug: str, every: float, count: int) -> None:
    """Post invented feedback now and then, so that one can watch a wall live."""

    async def post(database: Database) -> None:
        async for name, text in demo.post(slug, database, every=every, count=count):
            click.echo(f"{name}: {text}")

    try:
        _with_database(post)
    except KeyboardInterrupt:
        sys.exit(0)


def _with_database(work: Callable[[Database], Awaitable[None]], *, anew: bool = False) -> None:
    """Run `work` on the configured database, made ready first."""
    settings = Settings.from_environment()

    async def run() -> None:
        database = Database(installation.database_url(settings))
        try:
            await installation.open_database(settings, database, anew=anew)
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


async def _nothing(database: Database) -> None:
    pass
