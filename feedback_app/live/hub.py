"""The hub: who in this process is listening to what. No HTML, no SQL."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..asgi import Send

SLICE = 100
HEARTBEAT_SECONDS = 15
HEARTBEAT = b"event: heartbeat\ndata:\n\n"


class Event(NamedTuple):
    """One piece of news: the wall's version after it, and the bytes that go down every stream."""

    version: int
    body: bytes


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream. It has no task, queue or template of its own."""

    send: Send
    hang_up: Callable[[], None]
    version: int
    is_open: bool = True

    def tell(self, body: bytes, *, last: bool = False) -> None:
        """Hand over bytes at once. One who cannot take them is hung up on, and resumes by version.

        A server's `send` finishes on its first step unless the connection is full.
        """
        step = self.send({"type": "http.response.body", "body": body, "more_body": not last}).__await__()
        try:
            next(step)
        except StopIteration:
            return
        self.is_open = False
        self.hang_up()


@dataclass(eq=False, slots=True)
class Topic:
    """A wall that somebody listens to; `version` is the newest that everybody here has been told."""

    version: int
    listeners: set[Listener] = field(default_factory=set)


class Hub:
    """The topics by the number of their wall, and how many streams each address has."""

    def __init__(self, *, most: int, most_per_address: int) -> None:
        self.topics: dict[int, Topic] = {}
        self.count = 0
        self.is_closed = False
        self._most, self._most_per_address = most, most_per_address
        self._per_address: dict[str, int] = {}

    def admit(self, address: str) -> bool:
        """Take a place for one more stream, if there is one."""
        if self.is_closed or self.count >= self._most or self._per_address.get(address, 0) >= self._most_per_address:
            return False
        self.count += 1
        self._per_address[address] = self._per_address.get(address, 0) + 1
        return True

    def release(self, address: str) -> None:
        self.count -= 1
        self._per_address[address] -= 1
        if not self._per_address[address]:
            del self._per_address[address]

    def join(self, wall_id: int, listener: Listener) -> bool:
        """Let it hear what comes after its version; False when it has to catch up first."""
        topic = self.topics.setdefault(wall_id, Topic(listener.version))
        if listener.version < topic.version:
            return False
        topic.listeners.add(listener)
        return True

    def leave(self, wall_id: int, listener: Listener) -> None:
        listener.is_open = False
        topic = self.topics.get(wall_id)
        if topic is not None:
            topic.listeners.discard(listener)
            if not topic.listeners:
                del self.topics[wall_id]

    async def tell(self, wall_id: int, version: int, events: Sequence[Event]) -> None:
        """Tell everybody who listens to this wall what brings them to `version`.

        Other requests get their turn between slices of the listeners. Whoever joins meanwhile has caught up to
        `version` by itself.
        """
        topic = self.topics[wall_id]
        before, topic.version = topic.version, version
        everything = b"".join(event.body for event in events)
        async for listener in _in_slices(topic.listeners):
            if listener.version <= before:
                listener.tell(everything)
            else:
                listener.tell(b"".join(event.body for event in events if event.version > listener.version))
            listener.version = max(listener.version, version)

    async def beat(self) -> None:
        """Let every page hear now and then that its line is alive; cancelled when the server stops."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            async for listener in _in_slices(self._listeners()):
                listener.tell(HEARTBEAT)

    def close(self) -> None:
        """End every stream, each told to come back at a moment of its own, and admit no more."""
        self.is_closed = True
        for listener in list(self._listeners()):
            listener.tell(b"event: closing\nretry: %d\ndata:\n\n" % random.randint(500, 5000), last=True)  # noqa: S311
            listener.is_open = False

    def _listeners(self) -> Iterable[Listener]:
        return (listener for topic in self.topics.values() for listener in topic.listeners)


async def _in_slices(listeners: Iterable[Listener]) -> AsyncIterator[Listener]:
    """Those who listen now and still do when it is their turn; others are served between slices."""
    for number, listener in enumerate(list(listeners), 1):
        if listener.is_open:
            yield listener
        if number % SLICE == 0:
            await asyncio.sleep(0)
