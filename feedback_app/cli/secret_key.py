"""The command `rotate-secret`, which replaces the secret key."""

import click

from ..config import Settings
from ..installation import secret_key


@click.command("rotate-secret")
@click.option("--forget", is_flag=True, help="Make all earlier signatures void; for a key that others have seen.")
def rotate_secret(forget: bool) -> None:
    """Replace the secret key. Servers on this data folder use the new one without a restart."""
    secret_key.rotate(Settings.from_environment(), forget=forget)
    if forget:
        click.echo("A new key is in use, and the former ones are void: forms that are open now must be sent twice.")
    else:
        click.echo("A new key is in use. Signatures of the former one stay valid until the next rotation.")


commands = (rotate_secret,)
