"""Where programs are born that have imported everything already, which takes most of them longer than their work.

A process of its own imports the program and waits for orders; each is carried out by a fork of it, which becomes
`python -m feedback_app …` and a child of the test process like any other.
"""

import atexit
import ctypes
import gc
import inspect
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from importlib import import_module
from typing import Any

from feedback_app.cli import COMMANDS

# https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
PR_SET_CHILD_SUBREAPER = 36
# What Python and its libraries look at when they start.
AT_THE_START = ("PYTHON", "PROMETHEUS_")
IMPORTED = (
    *(f"feedback_app.cli.{module}" for module in sorted({module for module, _ in COMMANDS.values()} - {"bench"})),
    *(f"sqlalchemy.dialects.{driver}" for driver in ("sqlite.aiosqlite", "postgresql.asyncpg", "mysql.asyncmy")),
    *("asyncmy", "asyncpg", "uvicorn.lifespan.on", "uvloop"),
)
LARGEST_ORDER = 1 << 17
# Held while the nursery is made, too: of two, each would end the adoption that the other one needs, and a program that
# is nobody's child counts as ended for `subprocess`, which then kills nothing.
LOCK = threading.Lock()


class Program(subprocess.Popen[str]):
    """`python -m …` with one of our modules; forked where nobody could tell, else started in the usual way."""

    def _execute_child(self, *arguments: Any) -> None:
        parent = super()._execute_child  # type: ignore[misc]
        given = inspect.signature(parent).bind(*arguments).arguments
        if given["args"][:2] != [sys.executable, "-m"] or given["pass_fds"] or _wants_another_python(given["env"]):
            parent(*arguments)
            return
        ends = (given["p2cread"], given["c2pwrite"], given["errwrite"])
        order = {
            "words": given["args"],
            "environment": dict(given["env"] or os.environ),
            "folder": str(given["cwd"] or os.getcwd()),
            "apart": given["start_new_session"],
        }
        with LOCK:
            self.pid = nursery().bear(order, [number if end == -1 else end for number, end in enumerate(ends)])
        self._child_created = True
        self._close_pipe_fds(*ends[:1], given["p2cwrite"], given["c2pread"], *ends[1:2], given["errread"], ends[2])  # type: ignore[attr-defined]


def _wants_another_python(environment: dict[str, str] | None) -> bool:
    """Whether something is set that is looked at when a program is imported, and differs from what is set here."""
    return environment is not None and any(
        name.startswith(AT_THE_START) and environment.get(name) != os.environ.get(name)
        for name in {*environment, *os.environ}
    )


class Nursery:
    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
            )
        atexit.register(self._close)

    def bear(self, order: dict[str, Any], files: list[int]) -> int:
        """Gives the number of the process, which is a child of this one."""
        # Who bears it ends at once, and the nearest ancestor who wants it adopts it.
        _adopt(True)
        socket.send_fds(self._line, [json.dumps(order).encode()], files)
        answer = self._line.recv(100)
        _adopt(False)
        assert answer, "The nursery has ended."
        return int(answer)

    def _close(self) -> None:
        self._line.close()
        self._process.wait()


@cache
def nursery() -> Nursery:
    return Nursery()


def _adopt(wanted: bool) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def _await_birth(line: socket.socket) -> dict[str, Any]:
    """Carry out orders until there are no more; in each process that is born, give what it is to be."""
    while True:
        text, files, *_ = socket.recv_fds(line, LARGEST_ORDER, 3)
        if not text:
            sys.exit()
        reads, writes = os.pipe()
        if (midwife := os.fork()) == 0:
            if born := os.fork():
                os.write(writes, str(born).encode())
                os._exit(0)
            for number, file in enumerate(files):
                os.dup2(file, number)
            for file in (*files, reads, writes):
                os.close(file)
            line.close()
            order: dict[str, Any] = json.loads(text)
            return order
        for file in (*files, writes):
            os.close(file)
        os.waitpid(midwife, 0)
        line.send(os.read(reads, 100))
        os.close(reads)


def _become(words: list[str], environment: dict[str, str], folder: str, apart: bool) -> str:
    """Be as one that has just been started with these words; gives the module to run."""
    if apart:
        os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    _, _, module, *more = sys.orig_argv[:] = words
    sys.argv[:] = [module, *more]
    return module


if __name__ == "__main__":
    for each in IMPORTED:
        import_module(each)
    gc.collect()
    gc.freeze()
    runpy.run_module(
        _become(**_await_birth(socket.socket(fileno=int(sys.argv[1])))), run_name="__main__", alter_sys=True
    )
