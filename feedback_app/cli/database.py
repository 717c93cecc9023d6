"""The commands about the database as a whole."""

import sys
from pathlib import Path

import click

from ..config import COPY_TO, PREFIX, ConfigurationError, Settings
from ..database import Database, DatabaseUnfit, complete_url
from ..database.restore import raise_counters
from ..installation import backups, data_folder, database_copy
from .context import nothing, say_beside, with_database

FORCE = click.option("--force", is_flag=True, help="Also where that replaces what is there.")


@click.command()
@click.option("--restored", is_flag=True, help="After a database server's own tool has restored a backup.")
def migrate(restored: bool) -> None:
    """Bring the database to this version's schema; an empty one is made into one of ours.

    With --restored, numbers and versions go beyond all that readers may have been given since the backup was made, so
    that no reader takes an old page for the new one. Readers that are connected load their list again.
    """
    with_database(_raise if restored else nothing, makes=True, anew=True, thorough=True)
    click.echo("The database is up to date.")
    if restored:
        click.echo("Every reader loads the wall again.")


async def _raise(database: Database) -> None:
    async with database.migrating() as connection:
        await connection.run_sync(raise_counters)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, readable=False))
@FORCE
def backup(file: Path, force: bool) -> None:
    """Copy the SQLite database into FILE, also while it serves, and check the copy."""
    report = backups.back_up(_database_file(restores=False), file, force=force)
    click.echo(f"{file} holds {_said(report)}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, readable=False))
@FORCE
def restore(file: Path, force: bool) -> None:
    """Put the backup FILE in the place of the SQLite database, when no server uses that."""
    database = _database_file(restores=True)
    settings = Settings.from_environment()
    is_new = not database.exists() and not data_folder.is_marked(settings)
    report, aside = backups.restore(file, database, force=force)
    data_folder.mark(settings)
    if is_new:
        say_beside(f"Made an installation in {data_folder.place_of(settings)}.")
    if aside is not None:
        click.echo(f"What was there before is now {aside}.")
    click.echo(f"{database} holds {_said(report)}")


@click.command()
@click.option("--to", "url", envvar=COPY_TO, metavar="URL", help="Its URL; - reads it from standard input.")
def copy(url: str | None) -> None:
    """Copy everything into an empty database of any supported kind, and compare the two.

    Every user of this machine can see the words of a command. A URL with a password is better given in the environment,
    as FEEDBACK_COPY_TO, or on standard input.
    """
    if url == "-":
        url = click.prompt("URL", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not url:
        raise click.UsageError(f"Name the empty database with --to URL, or in {COPY_TO}.")
    to: str = url

    async def run(source: Database) -> None:
        target = Database(to)
        if target.url == source.url:
            raise ConfigurationError("This is the configured database itself. Name an empty one.")
        is_new = target.file is not None and not target.file.exists()
        try:
            if target.file is not None:
                data_folder.prepare_folder(target.file.parent)
            with click.progressbar(length=await database_copy.count(source), label="Copying") as bar:
                counts = await database_copy.copy(source, target, bar.update)
            is_new = False
        finally:
            await target.close()
            if is_new and target.file is not None:
                for side in (*backups.SIDES, "-turn"):
                    target.file.with_name(target.file.name + side).unlink(missing_ok=True)
        rows = ", ".join(f"{number} {name}" for name, number in counts.items())
        click.echo(f"Copied and compared: {rows}. Set FEEDBACK_DATABASE_URL to the new database and start again.")

    async def run_with_the_option(source: Database) -> None:
        try:
            await run(source)
        except (ConfigurationError, DatabaseUnfit) as error:
            # The source is open by now, so what is wrong is the database of the option, not that of the setting.
            raise type(error)(str(error).replace(f"{PREFIX}DATABASE_URL", "--to")) from None

    with_database(run_with_the_option)


def _database_file(*, restores: bool) -> Path:
    url = complete_url(data_folder.database_url(Settings.from_environment()))
    if url.get_backend_name() != "sqlite":
        raise ConfigurationError(backups.native_tools(url, restores=restores))
    file = Path(str(url.database))
    if not restores and not file.exists():
        raise ConfigurationError(f"There is no database {file} to copy.")
    return file


def _said(report: backups.Backup) -> str:
    counts = ", ".join(f"{number} {name}" for name, number in report.counts.items())
    return f"{counts}, and is whole. SHA-256: {report.digest}"


commands = (migrate, backup, restore, copy)
