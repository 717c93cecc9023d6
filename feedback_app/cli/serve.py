"""The commands `serve`, and `worker` for the processes of a supervisor."""

import logging
import os
import socket

import click

from ..accounts import invitations
from ..app import create_app
from ..config import Settings, unknown_settings
from ..database import Database
from ..installation import data_folder, ownership
from ..server import sockets
from ..server.run import run as run_server
from ..web.middleware import access_log
from .context import no_work, print_to_stderr, with_database

logger = logging.getLogger(__name__)
# With a JSON log, the file of the one-time address, which must not reach a log collector.
SETUP = "setup-address"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on, or unix:/path.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="How many processes serve.")
def serve(host: str, port: int, workers: int) -> None:
    """Make what is missing (data folder, database, the wall `main`) and serve the walls.
    \f

    Raises SystemExit with the server's exit code, and ConfigurationError.
    """
    settings = Settings.from_environment()
    access_log.configure(settings.log)
    with sockets.open_socket(host, port) as listening:
        raise SystemExit(_serve(settings, listening, workers))


def _serve(settings: Settings, listening: socket.socket, workers: int) -> int:
    warning = data_folder.sqlite_warning(settings, workers=workers)
    token: str | None = None

    async def offer(database: Database) -> None:
        nonlocal token
        token = await invitations.offer_first(database)

    # Once here, before any worker starts.
    report = logger.info if settings.log == "json" else print_to_stderr
    with_database(offer, create=True, thorough=True, report=report)
    _warn(settings, listening, warning)
    address = settings.base_url or sockets.address_of(listening)
    setup = f"{address}/setup?token={token}" if token else ""

    def announce() -> None:
        _announce(settings, address, setup)

    if workers == 1:
        run_server(create_app(), listening, announce)
        return 0
    from ..server import supervisor

    return supervisor.run(workers, listening, announce)


def _warn(settings: Settings, listening: socket.socket, warning: str | None) -> None:
    """Log warnings for the operator that do not prevent serving."""
    for sentence in (*([warning] if warning else []), *unknown_settings(os.environ)):
        logger.warning("%s", sentence)
    if listening.family == socket.AF_UNIX and not settings.trusted_proxies:
        logger.warning("A Unix socket is behind a proxy. Set FEEDBACK_TRUSTED_PROXIES=1, or all visitors count as one.")
    if ownership.is_open_to_others(settings.data):
        logger.warning("The data folder %s is open to every user of this machine: chmod 700 it.", settings.data)


def _announce(settings: Settings, address: str, setup: str) -> None:
    file = settings.data / SETUP
    file.unlink(missing_ok=True)
    click.echo(access_log.startup_line(f"The wall is at {address}/walls/main"))
    if not setup:
        return
    where = f", once, at {setup}"
    if settings.log == "json":
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(f"{setup}\n")
        where = f" at the address in {file.absolute()}"
    click.echo(access_log.startup_line(f"There is no moderator yet. Make yourself the first one{where}"))


@click.command(hidden=True)
@click.argument("listening", type=click.IntRange(0))
@click.argument("line", type=click.IntRange(0))
def worker(listening: int, line: int) -> None:
    """Serve on an inherited socket, with heartbeats on another one. Both are file descriptors."""
    from ..server.worker import Heartbeat

    heartbeat = Heartbeat(line)
    heartbeat.stop_with_supervisor()
    access_log.configure(Settings.from_environment().log)
    with_database(no_work)
    run_server(create_app(), socket.socket(fileno=listening), heartbeat.beat, each_second=heartbeat.beat)


commands = (serve, worker)
