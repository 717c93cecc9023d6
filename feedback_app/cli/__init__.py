"""The command line: a module per noun, imported only for its commands, so that each command starts fast.

Start here, then read `serve.py` and `context.py`. The room may import every other one; only `serve.py` imports `app`.
The tests run commands in the tests of the room they belong to, with `tests/support/programs.py`.
"""

import logging
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from .. import __version__

# The module of each command, and the first sentence of its help. The supervisor's own command has none.
COMMANDS = {
    "backup": ("database", "Copy the SQLite database into FILE, also while it serves, and check the copy."),
    "bench": ("bench", "Measure on this machine how many readers and posts it serves, and how fast changes arrive."),
    "check": ("check", "Check folders, database, settings and versions, and report what is wrong."),
    "copy": ("database", "Copy everything into an empty database of any supported kind, and compare the two."),
    "demo": ("demo", "Post invented feedback now and then, so that one can watch a wall live."),
    "export": ("transfer", "Write everything on the WALL: as JSON to import again, or as CSV for spreadsheets."),
    "hide": ("feedback", "Take the feedback of this NUMBER off every screen; moderators still see it."),
    "import": ("transfer", "Import an exported FILE onto the WALL: all of it or nothing."),
    "migrate": ("database", "Bring the database to this version's schema; an empty one is made into one of ours."),
    "moderator": ("moderators", "Moderators: who may log in, and which walls are theirs."),
    "publish": ("feedback", "Put hidden or waiting feedback on the wall."),
    "remove": ("feedback", "Take the feedback of this NUMBER off every screen; its words are deleted later."),
    "restore": ("database", "Replace the SQLite database by the backup FILE, while no server uses it."),
    "rotate-secret": ("secret_key", "Replace the secret key."),
    "serve": ("serve", "Make what is missing (data folder, database, the wall `main`) and serve the walls."),
    "wall": ("walls", "Walls: add one, list them."),
    "worker": ("serve", ""),
}


class Commands(click.Group):
    """A group that imports a command when it is used."""

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """The command of this name, or None."""
        if name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[name][0]}", __package__)
        found: click.Command = next(command for command in module.commands if command.name == name)
        return found

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from COMMANDS, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items() if sentence])


@click.group(
    cls=Commands,
    # For click's suggestions after a typing error.
    commands={name: click.Command(name) for name in COMMANDS},
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="feedback-app")
@click.pass_context
def commands(context: click.Context) -> None:
    """A live feedback wall. Without a command: serve it."""
    if os.geteuid() == 0:
        from ..installation.ownership import act_as_owner

        # The file that a command other than `serve` is given may be root's.
        act_as_owner(_folders(), reads_as_root=context.invoked_subcommand not in (None, "serve", "worker"))
    if context.invoked_subcommand is None:
        from .serve import serve

        context.invoke(serve)


def main() -> None:
    """Run a command. Raises SystemExit with code 1 after a user's mistake, which is one line on standard error."""
    # Files have visitors' words and keys, so no other user may read them.
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        # Not every terminal can show every script.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        commands(standalone_mode=True)
    except Exception as error:  # Bugs are raised again.
        if sentence := _sentence_of(error):
            # Messages of drivers may have several lines.
            line = " ".join(sentence.splitlines())
            if (
                "feedback_app.web.middleware.access_log" not in sys.modules
                or sys.modules["feedback_app.web.middleware.access_log"].AccessLogMiddleware.form != "json"
            ):
                raise SystemExit(f"feedback-app: {line}") from None
            logging.getLogger(__name__).critical("%s", line)
            raise SystemExit(1) from None
        raise


def _folders() -> Iterator[Path]:
    """Folders and files of the installation: the data folder, and an SQLite database elsewhere."""
    from ..config import PREFIX

    data = Path(os.environ.get(f"{PREFIX}DATA") or "instance")
    yield from (data, data / "secret_key", data / "feedback.sqlite3")
    kind, _, rest = os.environ.get(f"{PREFIX}DATABASE_URL", "").partition(":///")
    if kind.startswith("sqlite") and rest:
        file = Path(rest.partition("?")[0])
        yield from (file.parent, file)


def _sentence_of(error: Exception) -> str | None:
    from sqlalchemy.exc import SQLAlchemyError

    from ..config import ConfigurationError, Settings
    from ..database import DatabaseUnfit

    if isinstance(error, (ConfigurationError, DatabaseUnfit)):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        from ..database import complete_url
        from ..database.errors import unfit
        from ..installation.data_folder import database_url

        return str(unfit(error, complete_url(database_url(Settings.from_environment()))))
    if isinstance(error, OSError):
        from ..installation.ownership import sentence_of

        return sentence_of(error)
    return None
