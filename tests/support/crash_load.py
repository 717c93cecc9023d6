"""Load for crash tests: posters retry until they are acknowledged, and readers resume, while servers are killed."""

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx
from sqlalchemy import text

from feedback_app.database import Database

from . import HTMX, NO_CERTIFICATES, Process, Reader, until

# Pauses, so that this process does not take the servers' CPU time.
PAUSE_SECONDS = 0.02
RETRY_SECONDS = 0.2
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)
TROUBLE = (OSError, asyncio.IncompleteReadError, IndexError, ValueError)
NUMBER = re.compile(r'id="feedback-(\d+)"')
# The share of posts that are sent twice, which must give the same entry (idempotency).
SENT_AGAIN = 0.05


class Poster:
    """Posts entries, each with one idempotency key until it is stored. `acknowledged` maps their text to ids."""

    def __init__(self, name: str, server: Process, *, keeps_connection: bool, pause: float) -> None:
        self.name, self.server, self.keeps_connection, self.pause = name, server, keeps_connection, pause
        self.acknowledged: dict[str, int] = {}
        self.answered_otherwise: list[str] = []
        self.troubles: Counter[str] = Counter()

    async def run(self) -> None:
        limits = httpx.Limits() if self.keeps_connection else NO_KEEPALIVE
        address = f"http://{self.server.host}:{self.server.port}"
        async with httpx.AsyncClient(base_url=address, timeout=20, verify=NO_CERTIFICATES, limits=limits) as client:
            for count in itertools.count(1):
                words = f"{self.name}, post {count}"
                self.acknowledged[words] = await self._post(words, client)
                if random.random() < SENT_AGAIN and await self._post(words, client) != self.acknowledged[words]:
                    self.answered_otherwise.append(words)
                await asyncio.sleep(self.pause)

    async def _post(self, words: str, client: httpx.AsyncClient) -> int:
        """Send it until it is acknowledged; gives the entry's id."""
        fields = {"name": self.name, "text": words, "key": re.sub(r"\W+", "-", f"key of {words}")}
        while True:
            try:
                answer = await client.post("/walls/main/feedback", data=fields, headers=HTMX)
            except httpx.HTTPError as error:
                self.troubles[type(error).__name__] += 1
                await asyncio.sleep(random.uniform(0, RETRY_SECONDS))
                continue
            if answer.status_code == 201 and (found := NUMBER.search(answer.text)):
                return int(found.group(1))
            self.troubles[str(answer.status_code)] += 1
            assert answer.status_code == 503, answer.text
            assert words in answer.text or "Retry-After" in answer.headers
            await asyncio.sleep(random.uniform(0, RETRY_SECONDS))


class Follower:
    """Reads a wall from its beginning, and reconnects with its last version whenever the stream ends."""

    def __init__(self, server: Process) -> None:
        self.server = server
        self.ends = 0
        self.versions: list[int] = []

    async def run(self) -> None:
        while True:
            last = str(self.versions[-1] if self.versions else 0)
            with suppress(*TROUBLE):
                async with _VersionReader(self.server, last, self.versions) as reader:
                    if reader.status == 200:
                        await reader.task
                self.ends += 1
            await asyncio.sleep(0.1)


class _VersionReader(Reader):
    """Stores the versions of events only, to save memory."""

    def __init__(self, server: Process, last: str, versions: list[int]) -> None:
        super().__init__(server.port, last_event_id=last, host=server.host)
        self.heard = versions

    def _receive(self, block: str) -> None:
        if (number := re.search(r"^id: (\d+)$", block, re.MULTILINE)) and "\ndata: " in block:
            assert 'hx-swap="reload"' not in block, "These readers are never too far behind."
            self.heard.append(int(number.group(1)))


@dataclass(frozen=True)
class Outcome:
    """The result: counts of posts, and of events that readers received or missed."""

    acknowledged: int
    stored: int
    # Acknowledged, but not stored under that id.
    lost: int
    # Stored twice, or acknowledged with another id the second time.
    doubled: int
    versions_without_gap: bool
    is_sound: bool
    heard: int
    missed: int
    heard_twice: int
    out_of_order: int

    @property
    def is_good(self) -> bool:
        faults = self.lost + self.doubled + self.missed + self.heard_twice + self.out_of_order
        return not faults and self.versions_without_gap and self.is_sound


class CrashLoad:
    def __init__(
        self, servers: Sequence[Process], *, posters: int, followers: int, pause: float = PAUSE_SECONDS
    ) -> None:
        places = list(itertools.islice(itertools.cycle(servers), max(posters, followers)))
        self.servers = servers
        self.posters = [
            Poster(f"Poster {number}", server, keeps_connection=number % 2 == 0, pause=pause)
            for number, server in enumerate(places[:posters])
        ]
        self.followers = [Follower(server) for server in places[:followers]]
        self.outcome: Outcome | None = None

    @property
    def acknowledged(self) -> dict[str, int]:
        return {words: number for poster in self.posters for words, number in poster.acknowledged.items()}

    @property
    def troubles(self) -> Counter[str]:
        return sum((poster.troubles for poster in self.posters), Counter())

    @property
    def count(self) -> int:
        """The number of acknowledged posts."""
        return sum(len(poster.acknowledged) for poster in self.posters)

    async def more(self, posts: int, seconds: float = 40) -> None:
        """Wait until `posts` more posts are acknowledged."""
        target = self.count + posts
        await until(lambda: self.count >= target, seconds)

    @asynccontextmanager
    async def running(self, *, must_hold: bool = True) -> AsyncIterator["CrashLoad"]:
        """Post and read during the block. Then stop the posters, let the readers catch up, and set `outcome`.

        With `must_hold`, assert that the outcome is good.
        """
        reading = [asyncio.create_task(each.run()) for each in self.followers]
        writing = [asyncio.create_task(each.run()) for each in self.posters]
        try:
            yield self
            await _end(writing)
            # Requests on their way may still be stored.
            await until(self._is_calm)
            last = await self._version()
            with suppress(AssertionError):
                await until(lambda: all(last in each.versions[-1:] for each in self.followers), 30)
            self.outcome = await self._compare(last)
            assert self.outcome.is_good or not must_hold, self.outcome
        finally:
            await _end(writing + reading)

    async def _is_calm(self) -> bool:
        before = await self._version()
        await asyncio.sleep(0.5)
        return before == await self._version()

    async def _version(self) -> int:
        async with self.servers[0].client() as client:
            found = re.search(r'data-version="(\d+)"', (await client.get("/walls/main")).text)
        assert found is not None
        return int(found.group(1))

    async def _compare(self, last: int) -> Outcome:
        """Compare what was acknowledged and received with the database."""
        database = Database(self.servers[0].database_url)
        async with database.reading() as session:
            rows = (await session.execute(text("SELECT id, version, text FROM feedback ORDER BY version"))).all()
            is_sound = not database.is_sqlite or await session.scalar(text("PRAGMA integrity_check")) == "ok"
        await database.close()

        numbers = {words: number for number, _, words in rows}
        acknowledged = self.acknowledged
        heard = [each.versions for each in self.followers]
        return Outcome(
            acknowledged=len(acknowledged),
            stored=len(rows),
            lost=sum(numbers.get(words) != number for words, number in acknowledged.items()),
            doubled=len(rows) - len(numbers) + sum(len(each.answered_otherwise) for each in self.posters),
            versions_without_gap=[version for _, version, _ in rows] == list(range(1, last + 1)),
            is_sound=is_sound,
            heard=sum(map(len, heard)),
            missed=sum(len(set(range(1, last + 1)) - set(each)) for each in heard),
            heard_twice=sum(len(each) - len(set(each)) for each in heard),
            out_of_order=sum(before > after for each in heard for before, after in itertools.pairwise(each)),
        )


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel the tasks, and raise the exception of one that failed."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
