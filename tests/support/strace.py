"""Watching what a server asks of the system, and making it fail, by strace."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import Process
from .databases.own_servers import cannot


@contextmanager
def tracing(process: Process, *options: str, log: Path = Path(os.devnull)) -> Iterator[None]:
    """strace with these options, attached to all threads of a server, until the end of the block.

    It writes into a file: were it to wait for somebody who reads what it says, the server would wait for it.
    """
    strace = shutil.which("strace")
    if strace is None:
        cannot(
            "strace is not installed, so no write can be watched or made to fail (on Debian: apt-get install strace)."
        )
    command = [strace or "", "-f", "-p", str(process.process.pid), "-o", str(log), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        if "attached" not in said:
            tracer.kill()
            cannot(f"The server cannot be traced here ({said.strip()}).")
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            with suppress(ValueError):
                try:
                    tracer.communicate(timeout=20)
                finally:
                    tracer.kill()


@contextmanager
def failing(process: Process, fault: str) -> Iterator[None]:
    """Calls to the system by the server fail, such as `pwrite64:error=EIO`, until the end of the block."""
    with tracing(process, "-e", f"trace={fault.partition(':')[0]}", "-e", f"inject={fault}"):
        yield
