"""A table of the output of each command as root, as another user, and in various folders.

python -m tests.bench.operators
"""

import os
import shutil
import sys
from pathlib import Path

from ..support.operators import COMMANDS, SERVICE, STRANGER, give, owners, place, typed

CASES = ("root, the service's folder", "the service's user", "another user", "root, an empty folder")
LONGEST = 110


def fill(around: Path) -> None:
    """An installation of the service with one entry, beside files of root."""
    data = around / "data"
    for words in (
        ("migrate",),
        ("demo", "--count", "1", "--every", "0.05"),
        ("moderator", "add", "Kim", "--wall", "main"),
    ):
        stdin = "four words that differ\n"
        typed(data, *words, *(["--password-stdin"] if words[0] == "moderator" else []), stdin=stdin)
    typed(data, "rotate-secret")
    typed(data, "backup", str(around / "roots.sqlite3"))
    typed(data, "backup", str(data / "own.sqlite3"))
    typed(data, "export", "main", "--output", str(around / "roots.json"))


def tried(case: str, command: tuple[str, ...], filled: Path) -> str:
    """The output of a command, and files with a wrong owner or mode afterwards."""
    with place() as around:
        data = around / "data"
        for name in ("roots.sqlite3", "roots.json"):
            shutil.copy(filled / name, around)
        if "empty" not in case:
            shutil.copytree(filled / "data", data)
            give(data, SERVICE)
        user = {"the service's user": SERVICE, "another user": STRANGER}.get(case)
        if user is not None:
            for name in ("roots.sqlite3", "roots.json"):
                (around / name).chmod(0o644)
        given = {"own": data / "own", "other": around / "roots", "slug": "team", "name": "Kim"}
        words = [word.format(**given) for word in command]
        outcome = typed(data, *words, user=user, stdin="four other words that differ\n")
        is_told_beside = outcome.returncode and outcome.stderr.strip()
        last = (outcome.stderr if is_told_beside else outcome.stdout + outcome.stderr).strip().splitlines()[-1:]
        said = (last or ["(nothing)"])[0].removeprefix("feedback-app: ").replace(str(around), "…").replace("|", "\\|")
        said = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
        if data.exists() and user != STRANGER and "empty" not in case:
            strangers = {name for name, (uid, _) in owners(data).items() if uid != SERVICE}
            said += f" **FILES OF OTHERS: {strangers}**" if strangers else ""
        return f"{outcome.returncode}: {said}"


def main() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        sys.exit("Only root can be several users, by setpriv.")
    print(f"| command | {' | '.join(CASES)} |")
    print("|---" * (len(CASES) + 1) + "|")
    with place() as filled:
        fill(filled)
        for command in COMMANDS:
            shown = " ".join(command).format(own="data/own", other="roots", slug="team", name="Kim")
            print(f"| `{shown}` |", " | ".join(tried(case, command, filled) for case in CASES), "|", flush=True)


if __name__ == "__main__":
    main()
