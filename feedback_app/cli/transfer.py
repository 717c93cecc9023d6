"""The commands `export` and `import`, for one wall."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import click
from sqlalchemy.ext.asyncio import AsyncSession

from ..config import ConfigurationError, Settings
from ..database import Database
from ..installation.secret_key import Secrets
from ..installation.signing import Keys
from ..models import Wall
from ..settings.transfer import load
from ..settings.transfer.export import as_csv, as_json
from .context import with_database


class DryRun(Exception):
    """Rolls an import back that succeeded."""


@click.command("export")
@click.argument("slug", metavar="WALL")
@click.option("--format", "kind", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, readable=False),
    help="A file; standard output without it.",
)
def export(slug: str, kind: str, output: Path | None) -> None:
    """Write everything on the WALL: as JSON to import again, or as CSV for spreadsheets."""

    async def run(database: Database) -> None:
        async with database.reading() as session:
            wall = await session.scalar(Wall.named(slug))
            if wall is None:
                raise ConfigurationError(f"There is no wall {slug}. `feedback-app wall list` names them.")
            number = await session.scalar(Wall.count_on(wall.id)) or 0
        written = 0
        keys = Keys(Secrets(Settings.from_environment(), create=False))
        with _bar(number, "Exporting") as bar, _Target(output) as file:

            def progress(more: int) -> None:
                nonlocal written
                written += more
                bar.update(more)

            pieces = as_csv(wall, database, progress)
            if kind == "json":
                pieces = as_json(wall, database, keys, progress)
            async for piece in pieces:
                file.write(piece)
        click.echo(f"Exported {_entries(written)} of the wall {slug}.", err=True)

    with_database(run)


@click.command("import")
@click.argument("slug", metavar="WALL")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, readable=False))
@click.option("--dry-run", is_flag=True, help="Only report what would be done.")
def import_(slug: str, file: Path, dry_run: bool) -> None:
    """Import an exported FILE onto the WALL: all of it or nothing.

    A missing wall is made. A wall that is in use keeps its settings. Entries that are there already are not imported
    twice.
    """
    found = load.read(file)

    async def run(database: Database) -> None:
        report, keys = load.Report(), Keys(Secrets(Settings.from_environment()))
        with _bar(len(found.rows), "Importing") as bar:

            async def work(session: AsyncSession) -> None:
                nonlocal report
                report = await load.import_wall(slug, found, keys, session, bar.update)
                if dry_run:
                    raise DryRun

            with suppress(DryRun):
                await database.write(work)
        parts = [f"{'Would import' if dry_run else 'Imported'} {_entries(report.added)} onto the wall {slug}"]
        parts += ["which is new"] if report.made_wall else []
        parts += [f"with {report.acts:,} acts of its log"] if report.acts else []
        parts += ["with new numbers, since theirs are in use here"] if report.is_renumbered else []
        parts += [f"{report.known} were there already"] if report.known else []
        parts += [f"{report.unpinned} are not pinned, since a wall has at most three"] if report.unpinned else []
        click.echo(", ".join(parts) + ".")

    with_database(run, create=not dry_run)


def _bar(length: int, label: str) -> "click._termui_impl.ProgressBar[int]":
    """A progress bar on standard error, if that is a terminal."""
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


class _Target:
    """The target of an export. A file appears complete or not at all."""

    def __init__(self, output: Path | None) -> None:
        self.output = output
        self.part = output.with_name(f".{output.name}.{os.getpid()}.part") if output else None

    def __enter__(self) -> "_Target":
        try:
            self.file = self.part.open("w", encoding="utf-8", newline="") if self.part else None
        except OSError as error:
            raise ConfigurationError(f"{self.output} cannot be written: {error.strerror}.") from None
        return self

    def write(self, text: str) -> None:
        if self.file is None:
            sys.stdout.buffer.write(text.encode())
            return
        try:
            self.file.write(text)
        except OSError as error:
            raise ConfigurationError(f"{self.output} cannot be written: {error.strerror}.") from None

    def __exit__(self, kind: object, *_: object) -> None:
        if self.file is None or self.part is None or self.output is None:
            sys.stdout.buffer.flush()
            return
        self.file.close()
        if kind is None:
            self.part.replace(self.output)
        else:
            self.part.unlink(missing_ok=True)


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number:,} entries"


commands = (export, import_)
