"""Traces system calls of a server with strace, and makes them fail."""

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
    """Attach strace with these options to all threads of a server, during the block.

    It writes to a file, since a full pipe would stop it and the server.
    """
    strace = shutil.which("strace")
    if strace is None:
        cannot(
            "strace is not installed, so no write can be watched or made to fail (on Debian: apt-get install strace)."
        )
    command = [strace or "", "-f", "-p", str(process.process.pid), "-o", str(log), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        line = tracer.stderr.readline()
        if "attached" not in line:
            tracer.kill()
            cannot(f"The server cannot be traced here ({line.strip()}).")
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
    """Make system calls of the server fail during the block, such as `pwrite64:error=EIO`."""
    with tracing(process, "-e", f"trace={fault.partition(':')[0]}", "-e", f"inject={fault}"):
        yield
