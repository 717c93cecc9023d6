"""A PostgreSQL server of a test, and a TCP proxy in front of it that can fail."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Line:
    """A TCP proxy to a database that can be cut, stalled and repaired."""

    def __init__(self, port: int) -> None:
        self.target = port
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._breaking: list[bytes] = []
        self._delivers = False
        self.has_broken = False
        self.port = 0

    async def mend(self) -> None:
        """Forward all connections."""
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def hold(self) -> None:
        """Stall: forward nothing, without an error."""
        self._flows.clear()

    def break_at(self, *words: bytes, delivers: bool) -> None:
        """Cut once, when the last of these words is sent to the database after the others.

        With `delivers` the words reach the database, but the answer is lost; without, they do not reach it.
        """
        self._breaking, self._delivers, self.has_broken = list(words), delivers, False

    async def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._open |= {writer, back}
        await asyncio.gather(self._pump(reader, back, to_database=True), self._pump(there, writer))
        self._open -= {writer, back}

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to_database: bool = False
    ) -> None:
        try:
            while chunk := await reader.read(65536):
                await self._flows.wait()
                if to_database and self._breaking and self._breaking[0] in chunk:
                    del self._breaking[0]
                    if not self._breaking:
                        await self._break(chunk, writer)
                        return
                writer.write(chunk)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    async def _break(self, chunk: bytes, writer: asyncio.StreamWriter) -> None:
        self.has_broken = True
        if self._delivers:
            # Stalls, so that the answer is lost.
            self.hold()
            writer.write(chunk)
            await asyncio.sleep(0.2)
        await self.cut()
        await self.mend()


class PostgreSQL:
    """A server in a folder, on a free port. Root needs the user `postgres` to run it."""

    def __init__(self, programs: Path, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.folder, self.programs = folder, programs
        self.user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if self.user:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """Stop immediately, as in a crash: the next start recovers from the log."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *options: str) -> None:
        command = [self.programs / program, "-D", self.folder / "data", *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self.user)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["PostgreSQL"]:
        found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
        if found is None:
            pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql).")
        folder = Path(tempfile.mkdtemp(prefix="feedback-postgresql-"))
        try:
            server = cls(Path(found).resolve().parent, folder)
            yield server
            server.stop()
        finally:
            shutil.rmtree(folder)


async def create_database(port: int, name: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(host="127.0.0.1", port=port, user="postgres", database="postgres")
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
