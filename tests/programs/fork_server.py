"""A fork server: starts our program without the imports, which take longer than most commands.

A separate process imports the program and waits for orders. For each order it forks. The fork becomes
`python -m feedback_app …`, and a child of the test process.
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
# Prefixes of variables that are read during import.
READ_ON_IMPORT = ("PYTHON", "PROMETHEUS_")
IMPORTED = (
    *(f"feedback_app.cli.{module}" for module in sorted({module for module, _ in COMMANDS.values()} - {"bench"})),
    *(f"sqlalchemy.dialects.{driver}" for driver in ("sqlite.aiosqlite", "postgresql.asyncpg", "mysql.asyncmy")),
    *("asyncmy", "asyncpg", "uvicorn.lifespan.on", "uvloop"),
)
MOST_BYTES = 1 << 17
# Orders must not overlap: the end of one would stop the adoption of the other's process, which `subprocess` would then
# take for ended.
LOCK = threading.Lock()


class Program(subprocess.Popen[str]):
    """`python -m …` with one of our modules: forked if that makes no difference, else started as usual."""

    def _execute_child(self, *arguments: Any) -> None:
        parent = super()._execute_child  # type: ignore[misc]
        given = inspect.signature(parent).bind(*arguments).arguments
        if given["args"][:2] != [sys.executable, "-m"] or given["pass_fds"] or _differs_on_import(given["env"]):
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
            self.pid = fork_server().start(order, [number if end == -1 else end for number, end in enumerate(ends)])
        self._child_created = True
        self._close_pipe_fds(*ends[:1], given["p2cwrite"], given["c2pread"], *ends[1:2], given["errread"], ends[2])  # type: ignore[attr-defined]


def _differs_on_import(environment: dict[str, str] | None) -> bool:
    """Whether a variable that is read during import differs from this process's."""
    return environment is not None and any(
        name.startswith(READ_ON_IMPORT) and environment.get(name) != os.environ.get(name)
        for name in {*environment, *os.environ}
    )


class ForkServer:
    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
            )
        atexit.register(self._close)

    def start(self, order: dict[str, Any], files: list[int]) -> int:
        """Gives the PID of the new process, which is a child of this one."""
        # Its parent ends immediately, so the nearest subreaper adopts it.
        _be_subreaper(True)
        socket.send_fds(self._line, [json.dumps(order).encode()], files)
        answer = self._line.recv(100)
        _be_subreaper(False)
        assert answer, "The fork server has ended."
        return int(answer)

    def _close(self) -> None:
        self._line.close()
        self._process.wait()


@cache
def fork_server() -> ForkServer:
    return ForkServer()


def _be_subreaper(wanted: bool) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def _serve_orders(line: socket.socket) -> dict[str, Any]:
    """Fork for each order until the socket closes; in each fork, give the order."""
    while True:
        text, files, *_ = socket.recv_fds(line, MOST_BYTES, 3)
        if not text:
            sys.exit()
        reads, writes = os.pipe()
        if (parent := os.fork()) == 0:
            if child := os.fork():
                os.write(writes, str(child).encode())
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
        os.waitpid(parent, 0)
        line.send(os.read(reads, 100))
        os.close(reads)


def _become(words: list[str], environment: dict[str, str], folder: str, apart: bool) -> str:
    """Take on the arguments, environment and folder of the order; gives the module to run."""
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
        _become(**_serve_orders(socket.socket(fileno=int(sys.argv[1])))), run_name="__main__", alter_sys=True
    )
