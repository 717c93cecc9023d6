"""The command that replaces the secret."""

import click

from ..config import Settings
from ..installation import secret_key


@click.command("rotate-secret")
@click.option("--forget", is_flag=True, help="Believe nothing any more that was signed before; others have seen it.")
def rotate_secret(forget: bool) -> None:
    """Sign with another secret from now on. Servers on this data folder notice it by themselves."""
    secret_key.rotate(Settings.from_environment(), forget=forget)
    if forget:
        click.echo("A new secret is in use, and the former ones are void: forms that are open now must be sent twice.")
    else:
        click.echo("A new secret is in use. What was signed with the one before stays good until the next rotation.")


commands = (rotate_secret,)
