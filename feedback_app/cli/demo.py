"""The command `demo`, which posts invented feedback."""

import sys

import click

from ..database import Database
from . import invented_feedback
from .context import with_database


@click.command("demo")
@click.argument("slug", metavar="[WALL]", default="main")
@click.option("--every", default=3.0, show_default=True, type=click.FloatRange(0.05), help="Seconds between posts.")
@click.option("--count", default=0, type=click.IntRange(0), help="How many; 0 goes on until it is stopped.")
def run(slug: str, every: float, count: int) -> None:
    """Post invented feedback now and then, so that one can watch a wall live."""

    async def post(database: Database) -> None:
        async for name, text in invented_feedback.post(slug, database, every=every, count=count):
            click.echo(f"{name}: {text}")

    try:
        with_database(post)
    except KeyboardInterrupt:
        sys.exit(0)


commands = (run,)
