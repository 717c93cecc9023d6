"""The command that serves, and the one that a supervisor starts its workers with."""

import socket

import click

from .. import installation, logs, server, setting_up, sockets
from ..application import create_app
from ..config import Settings
from ..database import Database
from .running import nothing, with_database


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on, or unix:/path.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="How many processes serve.")
def serve(host: str, port: int, workers: int) -> None:
    """Make what is missing (data folder, database, the wall `main`) and serve the walls."""
    settings = Settings.from_environment()
    logs.begin(settings.log)
    if warning := installation.sqlite_warning(settings, workers=workers):
        click.echo(f"feedback-app: {warning}", err=True)
    with sockets.open_socket(host, port) as listening:
        if listening.family == socket.AF_UNIX and not settings.trusted_proxies:
            click.echo(
                "feedback-app: A proxy hands everybody's requests to a Unix socket. Set FEEDBACK_TRUSTED_PROXIES=1, or "
                "all visitors are taken for one.",
                err=True,
            )
        raise SystemExit(_serve(settings, listening, workers))


def _serve(settings: Settings, listening: socket.socket, workers: int) -> int:
    token: str | None = None

    async def offer(database: Database) -> None:
        nonlocal token
        token = await setting_up.offer_first(database)

    # Once for all workers, those that replace others too.
    with_database(offer, thorough=True)
    address = settings.base_url or sockets.address_of(listening)

    def announce() -> None:
        click.echo(f"The wall is at {address}/walls/main")
        if token:
            click.echo(
                f"There is no moderator yet. Make yourself the first one, once, at {address}/setup?token={token}"
            )

    if workers == 1:
        server.run(create_app(), listening, announce)
        return 0
    from .. import supervisor

    return supervisor.run(workers, listening, announce)


@click.command(hidden=True)
@click.argument("listening", type=click.IntRange(0))
@click.argument("line", type=click.IntRange(0))
def worker(listening: int, line: int) -> None:
    """Serve on a socket, and with a line to the supervisor, that were opened before: numbers of open files."""
    from ..supervisor import Line

    supervised = Line(line)
    supervised.follow()
    logs.begin(Settings.from_environment().log)
    with_database(nothing)
    server.run(create_app(), socket.socket(fileno=listening), supervised.say, each_second=supervised.say)


commands = (serve, worker)
