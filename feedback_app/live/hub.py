"""The hub: who in this process is listening to what. No HTML, no SQL."""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..web.middleware.asgi import Send

SLICE = 100
# With the time over which the beats are spread, nobody hears nothing for more than 18 seconds.
HEARTBEAT_SECONDS = 12
SPREAD = 0.25
HEARTBEAT = b"event: heartbeat\ndata:\n\n"
# Whose line has so many bytes that the system did not take takes nothing more.
FULL_BYTES = 64 * 1024

PUBLIC, DESK, INDEX = "public", "desk", "index"


class Key(NamedTuple):
    """What a listener listens to: what everybody sees of a wall, what its moderators see, or only how much that is."""

    kind: str
    wall_id: int


class Event(NamedTuple):
    """One piece of news: the wall's version after it, and the bytes that go down every stream."""

    version: int
    body: bytes


class Message(NamedTuple):
    """What is handed to listeners: the bytes, and the same as a chunk of HTTP/1.1, made once for all of them."""

    body: bytes
    chunk: bytes

    @classmethod
    def of(cls, body: bytes) -> "Message":
        return cls(body, b"%x\r\n%b\r\n" % (len(body), body))


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream. It has no task, queue or template of its own.

    `line` is the server's own end of the connection, where it lets us have it. Of ten thousand listeners, each object
    on the way there is somewhere else in memory, and takes its time to look at.
    """

    send: Send
    disconnect: Callable[[], None]
    version: int
    line: asyncio.WriteTransport | None = None
    is_open: bool = True
    # Whose right to listen is to be asked for again and again: the session it was opened with.
    session: str = ""

    def tell(self, message: Message) -> None:
        """Hand over bytes at once. One who cannot take them is hung up on, and resumes by version."""
        if not message.body:
            return  # An empty chunk would be the end of the stream.
        line = self.line
        if line is None:
            is_taken = self._send(message.body)
        elif is_taken := not line.is_closing() and line.get_write_buffer_size() <= FULL_BYTES:
            line.write(message.chunk)
        if not is_taken:
            self.is_open = False
            self.disconnect()

    def close(self, body: bytes) -> None:
        """Say a last word, and end the stream."""
        if not self._send(body, last=True):
            self.disconnect()
        self.is_open = False

    def _send(self, body: bytes, *, last: bool = False) -> bool:
        """A server's `send` finishes on its first step unless the connection is full."""
        step = self.send({"type": "http.response.body", "body": body, "more_body": not last}).__await__()
        try:
            next(step)
        except StopIteration:
            return True
        return False


@dataclass(eq=False, slots=True)
class Topic:
    """Something that somebody listens to; `version` is the newest that everybody here has been told."""

    version: int
    listeners: set[Listener] = field(default_factory=set)


class Hub:
    """The topics, and how many streams each address has.

    `on_topic` is called when somebody listens to something to which nobody listened: what was committed between their
    catching up and now was told to nobody.
    """

    def __init__(self, *, most: int, most_per_address: int) -> None:
        self.topics: dict[Key, Topic] = {}
        self.count = 0
        self.is_closed = False
        self.on_topic: Callable[[], None] = lambda: None
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

    def join(self, key: Key, listener: Listener) -> bool:
        """Let it hear what comes after its version; False when it has to catch up first."""
        topic = self.topics.get(key)
        if topic is None:
            topic = self.topics[key] = Topic(listener.version)
            self.on_topic()
        elif listener.version < topic.version:
            return False
        topic.listeners.add(listener)
        return True

    def leave(self, key: Key, listener: Listener) -> None:
        listener.is_open = False
        topic = self.topics.get(key)
        if topic is not None:
            topic.listeners.discard(listener)
            if not topic.listeners:
                del self.topics[key]

    async def tell(self, key: Key, version: int, events: Sequence[Event]) -> None:
        """Tell everybody who listens to this what brings them to `version`.

        Other requests get their turn between slices of the listeners. Whoever joins meanwhile has caught up to
        `version` by itself.
        """
        topic = self.topics[key]
        before, topic.version = topic.version, max(topic.version, version)
        everything = Message.of(b"".join(event.body for event in events))
        for some in _slices(topic.listeners):
            for listener in some:
                if not listener.is_open:
                    continue
                if listener.version <= before:
                    listener.tell(everything)
                else:
                    later = (event.body for event in events if event.version > listener.version)
                    listener.tell(Message.of(b"".join(later)))
                if listener.version < version:
                    listener.version = version
            await asyncio.sleep(0)

    async def heartbeat(self) -> None:
        """Let every page hear now and then that its line is alive; cancelled when the server stops."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            heartbeat = Message.of(HEARTBEAT)
            slices = list(_slices(self._listeners()))
            for some in slices:
                for listener in some:
                    if listener.is_open:
                        listener.tell(heartbeat)
                # Ten thousand beats at once would hold up the news that comes at that moment.
                await asyncio.sleep(SPREAD * HEARTBEAT_SECONDS / len(slices))

    def close(self) -> None:
        """End every stream, each told to come back at a moment of its own, and admit no more."""
        self.is_closed = True
        for listener in list(self._listeners()):
            listener.close(b"event: closing\nretry: %d\ndata:\n\n" % random.randint(500, 5000))  # noqa: S311

    def has_listeners(self, wall_id: int) -> bool:
        """Whether somebody listens to anything about this wall."""
        return any(Key(kind, wall_id) in self.topics for kind in (PUBLIC, DESK, INDEX))

    def listening(self, kind: str) -> list[tuple[Key, Listener]]:
        """Who listens to things of this kind, and to which."""
        found = ((key, topic) for key, topic in self.topics.items() if key.kind == kind)
        return [(key, listener) for key, topic in found for listener in topic.listeners]

    def _listeners(self) -> Iterable[Listener]:
        return (listener for topic in self.topics.values() for listener in topic.listeners)


def _slices(listeners: Iterable[Listener]) -> Iterator[list[Listener]]:
    """Those who listen now, some at a time. Ask whether they still do: others are served between slices."""
    everybody = list(listeners)
    return (everybody[first : first + SLICE] for first in range(0, len(everybody), SLICE))
