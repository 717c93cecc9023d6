"""The whole promise at once: people write, edit, moderate, listen, sleep and come back, while servers are killed.

A few random histories in each run of the tests; `make soak` tries many and finds the shortest one that fails.
"""

import asyncio
import os
import re
import signal
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.database import Database
from feedback_app.models import Feedback, Wall

from ...support import HTMX, NO_CERTIFICATES, Process, until
from ...support.databases import Folders
from ...support.moderators import make_moderator
from ...support.page_model import ENTRY, PageModel, version_of

SETTINGS = {"FEEDBACK_DEFENCES": "off", "FEEDBACK_LOG": "off"}
# As many as stand on one page, so that a fresh page shows all there is.
MOST_ENTRIES = 30
KINDS = ("plain words", "grüße 🌈", "家族 👨‍👩‍👧", "<b>& 'quotes'")
SERVERS, SCREENS = st.integers(0, 1), st.integers(0, 2)
NUMBER = re.compile(r'id="feedback-(\d+)"')


class History(RuleBasedStateMachine):
    """Two servers on one database, three screens, one moderator; `entries` and `version` are what must be true."""

    def __init__(self, folders: Folders, folder: Path) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = ExitStack()
        self.data = self.stack.enter_context(folders.copy(folder))
        self.servers: list[Process] = self.do(self._start_servers())
        self.is_alive = [True, True]
        self.screens = [PageModel() for _ in range(3)]
        self.entries: dict[int, tuple[str, str]] = {}
        self.version = 0
        self.written = 0
        self.database = Database(self.servers[0].database_url)
        _, self.token = self.do(make_moderator(self.database, "Kim", ["main"]))

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _start_servers(self) -> list[Process]:
        return list(await asyncio.gather(*(asyncio.to_thread(Process, self.data, **SETTINGS) for _ in range(2))))

    @rule(server=SERVERS, kind=st.sampled_from(KINDS))
    @precondition(lambda self: len(self.entries) < MOST_ENTRIES)
    def write(self, server: int, kind: str) -> None:
        self.do(self._write(server, kind))

    @rule(server=SERVERS, count=st.integers(1, 5), milliseconds=st.integers(0, 40), is_back=st.booleans())
    @precondition(lambda self: len(self.entries) < MOST_ENTRIES - 5)
    def write_while_it_is_killed(self, server: int, count: int, milliseconds: int, is_back: bool) -> None:
        self._wake(server)

        async def storm() -> None:
            writing = [asyncio.create_task(self._write(server, KINDS[each % 4])) for each in range(count)]
            await asyncio.sleep(milliseconds / 1000)
            self.is_alive[server] = False
            await asyncio.to_thread(self.servers[server].kill)
            if is_back or not any(self.is_alive):
                await asyncio.to_thread(self.servers[server].start)
                self.is_alive[server] = True
            await asyncio.gather(*writing)

        self.do(storm())

    @rule(server=SERVERS)
    def come_back(self, server: int) -> None:
        self._wake(server)

    @rule(server=SERVERS, verb=st.sampled_from(["hide", "publish", "remove"]), which=st.integers(0, 99))
    @precondition(lambda self: self.entries)
    def act(self, server: int, verb: str, which: int) -> None:
        number = sorted(self.entries)[which % len(self.entries)]
        words, state = self.entries[number]
        answer = self.do(self._send(server, "/moderation/acts", {"verb": verb, "feedback": str(number)}))
        if state == "removed" and verb != "remove":
            assert answer.status_code == 409
            return
        assert answer.status_code == 200, answer.text
        after = {"hide": "hidden", "publish": "public", "remove": "removed"}[verb]
        self.version += state != after and "public" in (state, after)
        self.entries[number] = words, after

    @rule(which=st.integers(0, 99), kind=st.sampled_from(KINDS))
    @precondition(lambda self: self.entries)
    def edit(self, which: int, kind: str) -> None:
        """By a third process, which is this one."""
        number = sorted(self.entries)[which % len(self.entries)]
        _, state = self.entries[number]
        self.written += 1
        words = f"{kind}, edited {self.written}"

        async def work(session: AsyncSession) -> None:
            wall = (await session.scalars(Wall.locked("main"))).one()
            wall.edit((await session.scalars(Feedback.numbered(wall.id, number))).one(), name="Ann", text=words)

        self.do(self.database.write(work))
        self.version += state == "public"
        self.entries[number] = words, state

    @rule(screen=SCREENS, server=SERVERS)
    def come(self, screen: int, server: int) -> None:
        self._wake(server)

        async def work() -> None:
            async with self._client(server) as client:
                await self.screens[screen].open(client, self.servers[server].port)

        self.do(work())

    @rule(screen=SCREENS)
    def sleep(self, screen: int) -> None:
        self.do(self.screens[screen].close())

    @rule(screen=SCREENS, server=SERVERS)
    def resume(self, screen: int, server: int) -> None:
        self._wake(server)
        self.do(self.screens[screen].resume(self.servers[server].port))

    def teardown(self) -> None:
        try:
            for server in (0, 1):
                self._wake(server)
            self.do(self._compare())
        finally:
            self.do(self._end())
            self.stack.close()
            self.loop.close()

    async def _compare(self) -> None:
        """Every screen shows what a fresh page shows, which is what was acknowledged, and each change has a version."""
        async with self._client(0) as client:
            page = (await client.get("/walls/main")).text
        shown = dict(ENTRY.findall(page))
        public = {f"feedback-{number}" for number, (_, state) in self.entries.items() if state == "public"}
        assert set(shown) == public
        assert version_of(page) == self.version
        for place, screen in enumerate(self.screens):
            await screen.resume(self.servers[place % 2].port)
            await until(lambda screen=screen: screen.take() or screen.version == self.version)
            assert screen.entries == shown
        async with self.database.reading() as session:
            rows = (await session.execute(text("SELECT id, text, state, version FROM feedback"))).all()
            if self.database.is_sqlite:
                assert await session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert {number: (words, state) for number, words, state, _ in rows} == self.entries
        versions = [version for *_, version in rows]
        assert len(versions) == len(set(versions))
        assert max(versions, default=0) == self.version

    async def _end(self) -> None:
        for screen in self.screens:
            await screen.close()
        await self.database.close()
        ended = [server.process.poll() for server in self.servers]
        for server in self.servers:
            await asyncio.to_thread(server.stop, signal.SIGKILL)
        await self.loop.shutdown_default_executor()
        assert ended == [None, None], "A server ended by itself."

    def _wake(self, server: int) -> None:
        if not self.is_alive[server]:
            self.servers[server].start()
            self.is_alive[server] = True

    def _client(self, server: int) -> httpx.AsyncClient:
        address = f"http://127.0.0.1:{self.servers[server].port}"
        return httpx.AsyncClient(base_url=address, timeout=20, cookies={"feedback": self.token}, verify=NO_CERTIFICATES)

    async def _write(self, server: int, kind: str) -> None:
        """Until it is acknowledged, by whichever server there is."""
        self.written += 1
        words = f"{kind}, written {self.written}"
        fields = {"name": "Ann", "text": words, "key": f"key-of-{self.written}-{os.urandom(4).hex()}"}
        answer = await self._send(server, "/walls/main/feedback", fields)
        assert answer.status_code == 201, answer.text
        found = NUMBER.search(answer.text)
        assert found is not None
        self.entries[int(found.group(1))] = words, "public"
        self.version += 1

    async def _send(self, server: int, address: str, fields: dict[str, str]) -> httpx.Response:
        """The same form again, here or there, until there is an answer."""
        while True:
            try:
                async with self._client(server) as client:
                    answer = await client.post(address, data=fields, headers=HTMX)
                if answer.status_code != 503:
                    return answer
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)
            server = 1 - server


@pytest.mark.slow
@pytest.mark.every_engine
def test_whatever_is_killed_everybody_sees_the_same_in_the_end(folders: Folders, tmp_path: Path) -> None:
    """All screens are alike, acknowledged words are there, no version is missing."""
    profile = settings.get_current_profile_name()
    run_state_machine_as_test(
        lambda: History(folders, tmp_path / "data"),
        settings=settings(
            max_examples=2 if profile != "soak" else 100,
            stateful_step_count=20 if profile != "soak" else 40,
            deadline=None,
            phases=[Phase.generate] if profile != "soak" else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
