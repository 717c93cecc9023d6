"""The hub: topics and their listeners in this process, heartbeats, and backpressure. No HTML, no SQL."""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..web.middleware.asgi import Send

SLICE = 100
# With the spread, the longest silence of a stream is 18 seconds (the contract allows 20).
HEARTBEAT_SECONDS = 12
SPREAD = 0.25
HEARTBEAT = b"event: heartbeat\ndata:\n\n"
# A client whose write buffer is larger is disconnected; it reconnects and catches up from its version.
FULL_BYTES = 64 * 1024

PUBLIC, QUEUE, INDEX = "public", "queue", "index"


class TopicKey(NamedTuple):
    """A topic: the public wall (PUBLIC), its moderation queue (QUEUE), or its counts in the index of walls (INDEX)."""

    kind: str
    wall_id: int


class Event(NamedTuple):
    """A server-sent event: the wall's version after the change, and its bytes."""

    version: int
    body: bytes


class Payload(NamedTuple):
    """Bytes for all listeners, and the same as a chunk of HTTP/1.1 (RFC 9112, section 7.1), framed once."""

    body: bytes
    chunk: bytes

    @classmethod
    def of(cls, body: bytes) -> "Payload":
        return cls(body, b"%x\r\n%b\r\n" % (len(body), body))


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream, without a task or queue of its own.

    `transport` is set if our server serves. Writing to it directly skips the objects in between, each a cache miss.
    """

    send: Send
    disconnect: Callable[[], None]
    version: int
    transport: asyncio.WriteTransport | None = None
    is_open: bool = True
    # The digest of the session that opened a moderator's stream, for access checks.
    session: str = ""

    def write(self, payload: Payload) -> None:
        """Write without waiting. A client whose buffer is full is disconnected; it catches up from its version."""
        if not payload.body:
            return  # An empty chunk would end the stream.
        transport = self.transport
        if transport is None:
            is_sent = self._send(payload.body)
        elif is_sent := not transport.is_closing() and transport.get_write_buffer_size() <= FULL_BYTES:
            transport.write(payload.chunk)
        if not is_sent:
            self.is_open = False
            self.disconnect()

    def close(self, body: bytes) -> None:
        """Send a last event, and end the stream."""
        if not self._send(body, last=True):
            self.disconnect()
        self.is_open = False

    def _send(self, body: bytes, *, last: bool = False) -> bool:
        """Whether ASGI's `send` finished on its first step, as it does unless the buffer is full."""
        step = self.send({"type": "http.response.body", "body": body, "more_body": not last}).__await__()
        try:
            next(step)
        except StopIteration:
            return True
        return False


@dataclass(eq=False, slots=True)
class Topic:
    """A topic with listeners. `version` is the newest that was sent to all of them."""

    version: int
    listeners: set[Listener] = field(default_factory=set)


class Hub:
    """The topics, and the number of streams in total and per address.

    `on_topic` is called for the first listener of a topic, since nobody received what was committed while it caught up.
    """

    def __init__(self, *, most: int, most_per_address: int) -> None:
        self.topics: dict[TopicKey, Topic] = {}
        self.count = 0
        self.is_closed = False
        self.on_topic: Callable[[], None] = lambda: None
        self._most, self._most_per_address = most, most_per_address
        self._per_address: dict[str, int] = {}

    def admit(self, address: str) -> bool:
        """Count one more stream, if the limits allow it; False if not."""
        if self.is_closed or self.count >= self._most or self._per_address.get(address, 0) >= self._most_per_address:
            return False
        self.count += 1
        self._per_address[address] = self._per_address.get(address, 0) + 1
        return True

    def release(self, address: str) -> None:
        """Count one stream less."""
        self.count -= 1
        self._per_address[address] -= 1
        if not self._per_address[address]:
            del self._per_address[address]

    def join(self, key: TopicKey, listener: Listener) -> bool:
        """Add a listener to a topic; False if it has to catch up first."""
        topic = self.topics.get(key)
        if topic is None:
            topic = self.topics[key] = Topic(listener.version)
            self.on_topic()
        elif listener.version < topic.version:
            return False
        topic.listeners.add(listener)
        return True

    def leave(self, key: TopicKey, listener: Listener) -> None:
        """Remove a listener, and its topic with the last one."""
        listener.is_open = False
        topic = self.topics.get(key)
        if topic is not None:
            topic.listeners.discard(listener)
            if not topic.listeners:
                del self.topics[key]

    async def send(self, key: TopicKey, version: int, events: Sequence[Event]) -> None:
        """Send the events that bring all listeners of a topic to `version`.

        Yields to other requests between slices. A listener that joins meanwhile has caught up to `version`.
        Raises KeyError for a topic without listeners.
        """
        topic = self.topics[key]
        before, topic.version = topic.version, max(topic.version, version)
        everything = Payload.of(b"".join(event.body for event in events))
        for some in _slices(topic.listeners):
            for listener in some:
                if not listener.is_open:
                    continue
                if listener.version <= before:
                    listener.write(everything)
                else:
                    later = (event.body for event in events if event.version > listener.version)
                    listener.write(Payload.of(b"".join(later)))
                if listener.version < version:
                    listener.version = version
            await asyncio.sleep(0)

    async def heartbeat(self) -> None:
        """Send heartbeats for ever, so that pages notice a dead connection; cancelled when the server stops."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            heartbeat = Payload.of(HEARTBEAT)
            slices = list(_slices(self._listeners()))
            for some in slices:
                for listener in some:
                    if listener.is_open:
                        listener.write(heartbeat)
                # Spread out, since ten thousand heartbeats in a row would delay a change.
                await asyncio.sleep(SPREAD * HEARTBEAT_SECONDS / len(slices))

    def close(self) -> None:
        """End every stream, with reconnects spread over five seconds, and admit no more."""
        self.is_closed = True
        for listener in list(self._listeners()):
            listener.close(b"event: closing\nretry: %d\ndata:\n\n" % random.randint(500, 5000))  # noqa: S311

    def has_listeners(self, wall_id: int) -> bool:
        """Whether any topic of this wall has listeners."""
        return any(TopicKey(kind, wall_id) in self.topics for kind in (PUBLIC, QUEUE, INDEX))

    def listening(self, kind: str) -> list[tuple[TopicKey, Listener]]:
        """All listeners of topics of this kind, each with its topic."""
        found = ((key, topic) for key, topic in self.topics.items() if key.kind == kind)
        return [(key, listener) for key, topic in found for listener in topic.listeners]

    def _listeners(self) -> Iterable[Listener]:
        return (listener for topic in self.topics.values() for listener in topic.listeners)


def _slices(listeners: Iterable[Listener]) -> Iterator[list[Listener]]:
    """The current listeners in slices. Some may close between two slices."""
    snapshot = list(listeners)
    return (snapshot[first : first + SLICE] for first in range(0, len(snapshot), SLICE))
