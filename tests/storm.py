"""A storm: posters who try again until they are answered, readers who resume, through whatever happens meanwhile."""

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import httpx

from .support import HTMX, Process, Reader, until

# A storm is to keep the servers busy, and not this process alone.
PAUSE_SECONDS = 0.02
NO_KEEPING = httpx.Limits(max_keepalive_connections=0)
TROUBLE = (OSError, asyncio.IncompleteReadError, IndexError, ValueError)


class Poster:
    """Posts one entry after the other, each under one key until it is stored."""

    def __init__(self, name: str, server: Process, *, keeps_connection: bool) -> None:
        self.name, self.server, self.keeps_connection = name, server, keeps_connection
        self.acknowledged: list[str] = []
        self.troubles: Counter[str] = Counter()

    async def run(self) -> None:
        limits = httpx.Limits() if self.keeps_connection else NO_KEEPING
        address = f"http://{self.server.host}:{self.server.port}"
        async with httpx.AsyncClient(base_url=address, timeout=20, verify=False, limits=limits) as client:  # noqa: S501
            for number in itertools.count(1):
                await self._post(f"{self.name} {number}", client)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _post(self, text: str, client: httpx.AsyncClient) -> None:
        fields = {"name": self.name, "text": text, "key": f"key of {text}"}
        while True:
            try:
                answer = await client.post("/walls/main/feedback", data=fields, headers=HTMX)
            except httpx.HTTPError as error:
                self.troubles[type(error).__name__] += 1
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 201:
                self.acknowledged.append(text)
                return
            self.troubles[str(answer.status_code)] += 1
            assert answer.status_code == 503, answer.text
            assert text in answer.text or "Retry-After" in answer.headers
            await asyncio.sleep(0.05)


class Follower:
    """Reads a wall from its beginning, and comes back with the last version it heard whenever its stream ends."""

    def __init__(self, server: Process) -> None:
        self.server = server
        self.ends = 0
        self._heard: list[int] = []
        self._reader: Reader | None = None

    @property
    def versions(self) -> list[int]:
        return self._heard + (self._reader.versions if self._reader else [])

    async def run(self) -> None:
        while True:
            last = str(self._heard[-1] if self._heard else 0)
            with suppress(*TROUBLE):
                async with Reader(self.server.port, last_event_id=last, host=self.server.host) as self._reader:
                    if self._reader.status == 200:
                        await self._reader.task
                self.ends += 1
            self._heard, self._reader = self.versions, None
            await asyncio.sleep(0.1)


class Storm:
    def __init__(self, servers: Sequence[Process], *, posters: int, followers: int) -> None:
        places = list(itertools.islice(itertools.cycle(servers), max(posters, followers)))
        self.servers = servers
        self.posters = [
            Poster(f"Poster {number}", server, keeps_connection=number % 2 == 0)
            for number, server in enumerate(places[:posters])
        ]
        self.followers = [Follower(server) for server in places[:followers]]

    @property
    def acknowledged(self) -> list[str]:
        return [text for poster in self.posters for text in poster.acknowledged]

    @property
    def troubles(self) -> Counter[str]:
        return sum((poster.troubles for poster in self.posters), Counter())

    async def more(self, posts: int, seconds: float = 40) -> None:
        """Wait until so many more posts are acknowledged."""
        target = len(self.acknowledged) + posts
        await until(lambda: len(self.acknowledged) >= target, seconds)

    @asynccontextmanager
    async def raging(self) -> AsyncIterator["Storm"]:
        """Let everybody post and read; at the end nobody posts any more, and every reader has heard everything once."""
        reading = [asyncio.create_task(each.run()) for each in self.followers]
        writing = [asyncio.create_task(each.run()) for each in self.posters]
        try:
            yield self
            await _end(writing)
            # What was on its way when the posters went may still be stored.
            await until(self._is_calm)
            last = await self._check_words()
            await until(lambda: all(each.versions[-1:] == [last] for each in self.followers), 30)
            for follower in self.followers:
                assert follower.versions == list(range(1, last + 1))
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

    async def _check_words(self) -> int:
        """Every acknowledged word is stored, and nothing twice; gives the number of all."""
        stored: list[str] = []
        address: str | None = "/walls/main/feed.json"
        async with self.servers[0].client() as client:
            while address:
                feed = (await client.get(address)).json()
                stored += [item["content_text"] for item in feed["items"]]
                address = feed.get("next_url")
        assert set(self.acknowledged) <= set(stored)
        assert len(stored) == len(set(stored)) == await self._version()
        return len(stored)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel them; what one of them found wrong is raised."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
