"""The command line: one module for each noun, imported when one of its commands is wanted, so that each starts soon."""

import logging
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from .. import __version__

# Where a command lives, and the first sentence of its help; the one that is for the supervisor only has none here.
COMMANDS = {
    "backup": ("database", "Copy the SQLite database into FILE, also while it serves, and check the copy."),
    "bench": ("bench", "Measure on this machine how many readers and posts it serves, and how fast news is seen."),
    "check": ("check", "Say what holds here: folders, database, settings, versions, and what is wrong."),
    "copy": ("database", "Copy everything into an empty database of any supported kind, and compare the two."),
    "demo": ("demo", "Post invented feedback now and then, so that one can watch a wall live."),
    "export": ("transfer", "Write all that is on the WALL: as JSON to import again, or as CSV for spreadsheets."),
    "hide": ("feedback", "Take the feedback of this NUMBER off every screen; moderators still see it."),
    "import": ("transfer", "Put what an exported FILE holds onto the WALL: all of it or nothing."),
    "migrate": ("database", "Bring the database to this version's schema; an empty one is made into one of ours."),
    "moderator": ("moderators", "Moderators: who may log in, and which walls are theirs."),
    "publish": ("feedback", "Put hidden or waiting feedback in its place."),
    "remove": ("feedback", "Take the feedback of this NUMBER off every screen; its words go when undo is over."),
    "restore": ("database", "Put the backup FILE in the place of the SQLite database, when no server uses that."),
    "rotate-secret": ("secret_key", "Sign with another secret from now on."),
    "serve": ("serve", "Make what is missing (data folder, database, the wall `main`) and serve the walls."),
    "wall": ("walls", "Walls: add one, list them."),
    "worker": ("serve", ""),
}


class Commands(click.Group):
    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        room = import_module(f".{COMMANDS[name][0]}", __package__)
        found: click.Command = next(command for command in room.commands if command.name == name)
        return found

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items() if sentence])


@click.group(
    cls=Commands,
    # So that what is mistyped is known to be like one of these.
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

        # A server reads nothing but what is the service's; the file that another command is given may be root's.
        act_as_owner(_folders(), reads_as_root=context.invoked_subcommand not in (None, "serve", "worker"))
    if context.invoked_subcommand is None:
        from .serve import serve

        context.invoke(serve)


def main() -> None:
    """Run a command; a mistake of the user's is one line on standard error and exit code 1."""
    # What is written here holds words of people, and keys: nobody else on this machine reads it.
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        # Not every terminal can show what people write.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        commands(standalone_mode=True)
    except Exception as error:  # What is not the user's mistake or the database's goes on as it is.
        if sentence := _sentence_of(error):
            # SQLite and drivers say some things on several lines.
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
    """Where the settings put files: the data folder, and that of an SQLite database elsewhere."""
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
