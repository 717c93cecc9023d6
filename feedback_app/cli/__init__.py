"""The command line: one module for each noun."""

import click
from sqlalchemy.exc import SQLAlchemyError

from ..config import ConfigurationError
from ..database import DatabaseUnfit
from . import bench, database, demo, exports, feedback, moderators, secret, server, walls


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
        context.invoke(server.serve)


for room in (server, walls, moderators, feedback, exports, database, secret, demo, bench):
    for command in room.commands:
        commands.add_command(command)
