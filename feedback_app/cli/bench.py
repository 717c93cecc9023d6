"""The command `bench`, which measures this installation."""

import json
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import click

from ..config import Settings


@click.command("bench")
@click.option("--quick", is_flag=True, help="Half a minute instead of two, with 100 and 1,000 listeners.")
@click.option("--listeners", multiple=True, type=click.IntRange(1), help="How many listen; can be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures for machines.")
@click.option("--chart", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write a chart (SVG) as well.")
def run(quick: bool, listeners: tuple[int, ...], as_json: bool, file: Path | None) -> None:
    """Measure on this machine how many readers and posts it serves, and how fast changes arrive.

    It starts servers on a temporary SQLite database beside the data folder, on the same disk. It does not touch the
    existing walls.
    """
    # Imported here to save the memory of servers.
    from ..bench.chart import chart
    from ..bench.environment import Ground, allow_listeners
    from ..bench.measurements import QUICK, Course, Plan

    plan = QUICK if quick else Plan()
    if listeners:
        plan = replace(plan, listeners=tuple(sorted(set(listeners))))
    allow_listeners(max(plan.listeners))
    disk = Settings.from_environment().data.absolute().parent
    with tempfile.TemporaryDirectory(prefix="feedback-bench-", dir=disk if disk.is_dir() else None) as folder:
        ground = Ground(Path(folder), max(plan.listeners))
        try:
            report = Course(ground, plan, lambda what: click.echo(f"{what} …", err=True)).run()
        finally:
            ground.close()
    click.echo(json.dumps(asdict(report), indent=2) if as_json else report.table())
    if file is not None:
        file.write_text(chart(report))


commands = (run,)
