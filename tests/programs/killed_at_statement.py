"""Our program, which kills itself at a database statement after the file in `DIES_IN` appears.

`DIES_AT` is the number of the statement since then, or `commit` for the commit of an act.
"""

import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from feedback_app.cli import main


def prepare(armed: Path, at: str) -> None:
    seen, has_written = 0, False

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(Engine, "before_cursor_execute")
    def count(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal seen, has_written
        if armed.exists():
            seen += 1
            has_written |= statement.startswith("INSERT INTO acts")
            if str(seen) == at:
                die()

    @event.listens_for(Engine, "commit")
    def end(_connection: Connection) -> None:
        if at == "commit" and has_written:
            die()


if __name__ == "__main__":
    prepare(Path(os.environ["DIES_IN"]), os.environ["DIES_AT"])
    main()
