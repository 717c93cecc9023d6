"""Runs our program in separate processes: the server, and commands."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import weakref
from contextlib import closing, suppress
from pathlib import Path

import httpx
from sqlalchemy import URL

from feedback_app.config import Settings
from feedback_app.installation import data_folder

from ..programs.fork_server import Program
from .clients import NO_CERTIFICATES
from .databases import url_of


class Process:
    """`feedback-app serve` in a separate process; `program` is the module to run."""

    def __init__(
        self, data: Path, *, workers: int = 1, host: str = "127.0.0.1", program: str = "feedback_app", **settings: str
    ) -> None:
        # Reserves the port while the server is down.
        reserved = socket.socket()
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1" if host.startswith("unix:") else host, 0))
        weakref.finalize(self, reserved.close)
        self.port: int = reserved.getsockname()[1]
        self.data, self.workers, self.host, self.program, self.settings = data, workers, host, program, settings
        self.start()

    def start(self) -> None:
        options = ["--host", self.host, "--port", str(self.port), "--workers", str(self.workers)]
        self.process = Program(
            [sys.executable, "-m", self.program, "serve", *options],
            env=environment(self.data, **self.settings),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "The wall is at" in line, f"The server printed {line!r}; exit code {self.process.poll()}."

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(20)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def kill(self) -> None:
        """Kill the process and its workers, and wait until they are gone."""
        workers = self.worker_pids
        self.process.kill()
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.stop(signal.SIGKILL)
        end = time.monotonic() + 10
        while any(is_running(pid) for pid in workers):
            assert time.monotonic() < end, "A worker that was killed is still there."
            time.sleep(0.005)

    @property
    def worker_pids(self) -> set[int]:
        """The PIDs of a supervisor's workers."""
        pid = self.process.pid
        return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    @property
    def database_url(self) -> str | URL:
        """The URL of its database."""
        url = self.settings.get("FEEDBACK_DATABASE_URL") or url_of(self.data)
        return data_folder.database_url(Settings(data=self.data, database_url=url))

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://{self.host}:{self.port}", timeout=20, verify=NO_CERTIFICATES)


def is_running(pid: int) -> bool:
    """Whether the process runs, and is no zombie.

    Looks at all threads: the first may have ended while another still has the port open.
    """
    return any(_state(thread) != "Z" for thread in Path(f"/proc/{pid}/task").glob("*/stat"))


def _state(thread: Path) -> str:
    try:
        return thread.read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def environment(data: Path, **settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FEEDBACK_")}
    if settings.get("FEEDBACK_POST_LIMIT") == "":
        settings.setdefault("FEEDBACK_ADDRESS_LIMIT", "")
    return {**inherited, **variables(data), **settings}


def variables(data: Path) -> dict[str, str]:
    """Environment variables of a test's installation: its folder, and the URL of a database on a server."""
    url = url_of(data)
    return {"FEEDBACK_DATA": str(data), **({"FEEDBACK_DATABASE_URL": url} if url else {})}


def run(data: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one of our commands."""
    words = [sys.executable, "-m", "feedback_app", *command]
    with Program(
        words, env=environment(data, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        stdout, stderr = program.communicate(timeout=60)
    return subprocess.CompletedProcess(words, program.returncode, stdout, stderr)


def damage(file: Path) -> None:
    """Overwrite a page of an SQLite database that is not read on opening."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'feedback'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * size)
