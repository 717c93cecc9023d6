"""Databases on a server of this machine, named after the test process."""

import asyncio
import hashlib
import os
import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from sqlalchemy import URL, make_url

from .apart import SECONDS, run_apart, start_apart

VARIABLES = {"postgresql": "FEEDBACK_TEST_POSTGRESQL", "mariadb": "FEEDBACK_TEST_MARIADB"}
DEFAULTS = {"postgresql": "postgresql://postgres@127.0.0.1:5432", "mariadb": "mysql://root@127.0.0.1:3306"}
MACHINE = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]
OURS = re.compile(rf"feedback_test_{MACHINE}_(\d+)_\w+")
# Databases that are reset while others are in use.
SPARE = 3


def server_url(engine: str) -> URL:
    return make_url(os.environ.get(VARIABLES[engine]) or DEFAULTS[engine])


class Server(ABC):
    """Databases on a server. Their names have the PID, to allow other test runs and to find leftovers."""

    engine: str
    template: str
    errors: tuple[type[Exception], ...]

    @abstractmethod
    async def _connect(self) -> None: ...

    @abstractmethod
    async def _disconnect(self) -> None: ...

    @abstractmethod
    async def _names(self) -> list[str]:
        """The names of all databases."""

    @abstractmethod
    async def _make(self, name: str) -> None: ...

    @abstractmethod
    async def _clone(self, name: str) -> None: ...

    @abstractmethod
    async def _empty(self, name: str) -> bool:
        """Reset the database to the template; False if its schema differs."""

    @abstractmethod
    async def _drop(self, name: str) -> None: ...

    @abstractmethod
    async def _take_template(self) -> None: ...

    def __init__(self) -> None:
        self.base = server_url(self.engine)
        self._prefix = f"feedback_test_{MACHINE}_{os.getpid()}"
        self._made: list[str] = []
        # Unused databases, each with the result of its reset.
        self._free: list[tuple[str, Future[bool]]] = []
        self._count = 0
        self._lock = asyncio.Lock()

    def start(self) -> str:
        """Connect, drop databases of killed test runs, and give the URL of an empty one."""
        run_apart(self._connect())
        for name in run_apart(self._names()):
            if (found := OURS.fullmatch(name)) and not _is_alive(int(found.group(1))):
                with suppress(*self.errors):
                    run_apart(self._drop(name))
        self.template = self.make_empty()
        return self.url(self.template)

    def url(self, name: str) -> str:
        return self.base.set(database=name).render_as_string(hide_password=False)

    def take_template(self) -> None:
        self._wait_for(self._take_template())

    def make_empty(self) -> str:
        name = self._new_name()
        self._wait_for(self._make(name))
        return name

    def borrow(self) -> str:
        """A database that equals the template."""
        while len(self._free) >= SPARE or (self._free and self._free[0][1].done()):
            name, is_empty = self._free.pop(0)
            if is_empty.result(SECONDS):
                return name
            self.drop(name)
        name = self._new_name()
        self._wait_for(self._clone(name))
        return name

    def give_back(self, name: str) -> None:
        """Reset it in the background, while the next test uses another one."""
        self._free.append((name, start_apart(self._alone(self._empty(name)))))

    def drop(self, name: str) -> None:
        self._wait_for(self._drop(name))
        self._made.remove(name)

    def close(self) -> None:
        for name in list(self._made):
            self.drop(name)
        run_apart(self._disconnect())

    def _new_name(self) -> str:
        self._count += 1
        self._made.append(f"{self._prefix}_{self._count}")
        return self._made[-1]

    def _wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        return run_apart(self._alone(work))

    async def _alone(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run one at a time, since they share a connection."""
        async with self._lock:
            return await work


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
