"""The command `check`, which reports on the installation."""

import json
import sys
from dataclasses import asdict

import click

from ..installation.check import FINE, WRONG, check


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def run(as_json: bool) -> None:
    """Check folders, database, settings and versions, and report what is wrong.

    Changes nothing. The exit code is 1 if something is wrong.
    """
    found = check()
    is_fine = not any(each.level == WRONG for each in found)
    if as_json:
        click.echo(json.dumps({"ok": is_fine, "found": [asdict(each) for each in found]}, indent=2))
    else:
        width = max(len(each.about) for each in found)
        for each in found:
            mark = "" if each.level == FINE else f"{each.level.upper()}: "
            click.echo(f"{each.about:{width}}  {mark}{each.said}")
    sys.exit(0 if is_fine else 1)


commands = (run,)
