"""Database servers of a test, which it may stop, kill and restart. They do not fsync, for speed."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL


class DatabaseServer(ABC):
    """A server in a temporary folder. It runs as `user`, since such servers refuse to run as root."""

    user: str

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.folder = Path(tempfile.mkdtemp(prefix="feedback-server-", dir="/tmp"))
        self._as: dict[str, Any] = {"cwd": self.folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
            self._as |= {"user": self.user, "group": self.user}
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def url(self, database: str) -> str: ...

    @abstractmethod
    def make_database(self, name: str) -> None: ...

    @abstractmethod
    def _command(self) -> list[str | Path]: ...

    def start(self) -> None:
        self.process = subprocess.Popen(self._command(), **self._as)
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            except OSError:
                assert time.monotonic() < end, "The database server does not start."
                time.sleep(0.05)

    def stop(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(60)

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop(signal.SIGQUIT if isinstance(self, PostgreSQL) else signal.SIGKILL)
        shutil.rmtree(self.folder)


class PostgreSQL(DatabaseServer):
    user = "postgres"
    # PostgreSQL calls these shutdown modes fast and immediate.
    gently, hard = signal.SIGINT, signal.SIGQUIT

    def __init__(self) -> None:
        found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
        if found is None:
            cannot("PostgreSQL is not installed, so none can be restarted (on Debian: apt-get install postgresql).")
        super().__init__()
        self.programs = Path(found or "").resolve().parent
        initdb = [self.programs / "initdb", "-D", self.folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        subprocess.run([*initdb, "--no-sync"], check=True, **self._as)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> None:
        address = self.url("postgres")
        end = time.monotonic() + 60
        command = [self.programs / "psql", address, "-c", f'CREATE DATABASE "{name}"']
        while subprocess.run(command, check=False, **self._as).returncode:
            assert time.monotonic() < end, "The database server does not start."
            time.sleep(0.05)

    def _command(self) -> list[str | Path]:
        settings = ("listen_addresses=127.0.0.1", "fsync=off", f"unix_socket_directories={self.folder}")
        options = [each for setting in settings for each in ("-c", setting)]
        return [self.programs / "postgres", "-D", self.folder / "data", "-p", f"{self.port}", *options]


class MariaDB(DatabaseServer):
    user = "mysql"
    gently, hard = signal.SIGTERM, signal.SIGKILL

    def __init__(self) -> None:
        program, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
        if program is None or install is None:
            cannot("MariaDB is not installed, so none can be restarted (on Debian: apt-get install mariadb-server).")
        super().__init__()
        self.program = program
        options = [f"--datadir={self.folder}/data", "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([install, "--no-defaults", *options], check=True, **self._as)

    def url(self, database: str) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> None:
        command = [
            "mariadb",
            "--no-defaults",
            f"--socket={self.folder}/socket",
            "-uroot",
            "-e",
            f"CREATE DATABASE {name}",
        ]
        subprocess.run(command, check=True, **(self._as | {"user": None, "group": None}))

    def _command(self) -> list[str | Path]:
        return [
            self.program or "",
            "--no-defaults",
            f"--datadir={self.folder}/data",
            f"--socket={self.folder}/socket",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=32M",
            "--loose-innodb-log-file-size=16M",
            f"--pid-file={self.folder}/pid",
        ]


class PgBouncer(DatabaseServer):
    """A connection pool in front of PostgreSQL, with fewer connections than clients, in transaction mode."""

    user = "postgres"
    gently, hard = signal.SIGTERM, signal.SIGKILL

    def __init__(self, target: URL) -> None:
        self.program = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if self.program is None:
            cannot("PgBouncer is not installed, so nothing can go through it (on Debian: apt-get install pgbouncer).")
        super().__init__()
        self.target = target
        server = f"host={target.host} port={target.port or 5432} user={target.username}"
        if target.password:
            server += f" password='{target.password}'"
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = {server}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            "auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n"
        )

    def url(self, database: str) -> str:
        return f"postgresql://anybody@127.0.0.1:{self.port}/{database}?pgbouncer=true"

    def make_database(self, name: str) -> None:
        raise NotImplementedError("It has none of its own.")

    def _command(self) -> list[str | Path]:
        return [self.program or "", "-q", self.folder / "pgbouncer.ini"]


def cannot(reason: str) -> None:
    """Skip the test, or fail it in CI."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
