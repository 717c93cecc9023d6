"""Commands on the whole database: migrate, backup, restore, copy."""

import sys
from pathlib import Path

import click

from ..config import COPY_TO, PREFIX, ConfigurationError, Settings
from ..database import Database, DatabaseUnfit, complete_url
from ..database.restore import raise_counters
from ..installation import backups, data_folder, database_copy
from .context import no_work, print_to_stderr, with_database

FORCE = click.option("--force", is_flag=True, help="Replace what is there.")


@click.command()
@click.option("--restored", is_flag=True, help="After a database server's own tool has restored a backup.")
def migrate(restored: bool) -> None:
    """Bring the database to this version's schema; an empty one is made into one of ours.

    With --restored, ids and versions are raised above all that were in use since the backup. So no browser mistakes an
    old page for a current one. Open pages reload their list.
    """
    with_database(_raise_counters if restored else no_work, create=True, allow_empty=True, thorough=True)
    click.echo("The database is up to date.")
    if restored:
        click.echo("Every open page reloads its list.")


async def _raise_counters(database: Database) -> None:
    async with database.migrating() as connection:
        await connection.run_sync(raise_counters)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, readable=False))
@FORCE
def backup(file: Path, force: bool) -> None:
    """Copy the SQLite database into FILE, also while it serves, and check the copy."""
    report = backups.back_up(_database_file(restores=False), file, force=force)
    click.echo(f"{file} has {_summary(report)}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, readable=False))
@FORCE
def restore(file: Path, force: bool) -> None:
    """Replace the SQLite database by the backup FILE, while no server uses it."""
    database = _database_file(restores=True)
    settings = Settings.from_environment()
    is_new = not database.exists() and not data_folder.is_marked(settings)
    report, aside = backups.restore(file, database, force=force)
    data_folder.mark(settings)
    if is_new:
        print_to_stderr(f"Made an installation in {data_folder.place_of(settings)}.")
    if aside is not None:
        click.echo(f"The former database is now {aside}.")
    click.echo(f"{database} has {_summary(report)}")


@click.command()
@click.option("--to", "url", envvar=COPY_TO, metavar="URL", help="Its URL; - reads it from standard input.")
def copy(url: str | None) -> None:
    """Copy everything into an empty database of any supported kind, and compare the two.

    Every user of this machine can see the arguments of a command. Give a URL with a password in the environment, as
    FEEDBACK_COPY_TO, or on standard input.
    \f

    Raises UsageError without a URL.
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


def _summary(report: backups.Backup) -> str:
    counts = ", ".join(f"{number} {name}" for name, number in report.counts.items())
    return f"{counts}, and is intact. SHA-256: {report.digest}"


commands = (migrate, backup, restore, copy)
