"""The commands about the database as a whole."""

import click

from .running import nothing, with_database


@click.command()
def migrate() -> None:
    """Bring the database to this version's schema; an empty one is made into one of ours."""
    with_database(nothing, anew=True)
    click.echo("The database is up to date.")


commands = (migrate,)
