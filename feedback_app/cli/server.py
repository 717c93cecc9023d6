"""The command that serves."""

import click

from .. import create_app, installation, server
from ..config import ConfigurationError, Settings
from .running import nothing, with_database


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
def serve(host: str, port: int) -> None:
    """Make what is missing (data folder, database, the wall `main`) and serve the walls."""
    settings = Settings.from_environment()
    if warning := installation.sqlite_warning(settings, workers=1):
        click.echo(f"feedback-app: {warning}", err=True)
    try:
        listening = server.listen(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. Choose another one with --port."
        ) from None
    with_database(nothing)
    port = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    address = settings.base_url or f"http://{shown}:{port}"
    server.run(create_app(), listening, lambda: click.echo(f"The wall is at {address}/walls/main"))


commands = (serve,)
