"""The commands that take a wall out of this installation, and bring one in."""

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
    """Everything went well, and nothing of it is to stay."""


@click.command("export")
@click.argument("slug", metavar="WALL")
@click.option("--format", "kind", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, readable=False),
    help="A file; standard output without it.",
)
def export(slug: str, kind: str, output: Path | None) -> None:
    """Write all that is on the WALL: as JSON to import again, or as CSV for spreadsheets."""

    async def run(database: Database) -> None:
        async with database.reading() as session:
            wall = await session.scalar(Wall.named(slug))
            if wall is None:
                raise ConfigurationError(f"There is no wall {slug}. `feedback-app wall list` names them.")
            number = await session.scalar(Wall.count_on(wall.id)) or 0
        written = 0
        keys = Keys(Secrets(Settings.from_environment(), create=False))
        with _bar(number, "Exporting") as bar, _target(output) as file:

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
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def bring_in(slug: str, file: Path, dry_run: bool) -> None:
    """Put what an exported FILE holds onto the WALL: all of it or nothing.

    A wall that is not there is made; one on which something happened already stays arranged as it is. What is there
    already is not brought in twice.
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
        said = [f"{'Would import' if dry_run else 'Imported'} {_entries(report.added)} onto the wall {slug}"]
        said += ["which is new"] if report.made_wall else []
        said += [f"with {report.acts:,} acts of its log"] if report.acts else []
        said += ["under new numbers, since theirs are taken here"] if report.is_renumbered else []
        said += [f"{report.known} were there already"] if report.known else []
        said += [f"{report.unpinned} are not pinned, since there is room for three"] if report.unpinned else []
        click.echo(", ".join(said) + ".")

    with_database(run, makes=not dry_run)


def _bar(length: int, label: str) -> "click._termui_impl.ProgressBar[int]":
    """On a terminal, beside what goes to standard output."""
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


class _target:
    """Where the export goes: a file is there whole or not at all."""

    def __init__(self, output: Path | None) -> None:
        self.output = output
        self.part = output.with_name(f".{output.name}.{os.getpid()}.part") if output else None

    def __enter__(self) -> "_target":
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


commands = (export, bring_in)
