"""Broadcast benchmark: thousands of listeners in one process, and an author who posts after all have received a post.

`python -m feedback_app.bench.audience '{"port": …, "listen": …, "listeners": …}'` prints `ready` when all listen.
Each author of input, `{"to": …, "post": …, "rounds": …}`, is one measurement: `rounds` posts to the port `to`.
"""

import asyncio
import json
import time
from typing import Any

from . import subprocesses
from .quantiles import Quantiles
from .visitors import filled

# Events of changes begin with it; heartbeats do not.
CHANGE = b"id: "
CONNECTING = 100
ROUND_SECONDS = 20
PAUSE_SECONDS = 0.1


class Deliveries:
    """When each listener received the current post, and its size in bytes."""

    def __init__(self, listeners: int) -> None:
        self.listeners, self.seen, self.lost, self.size = listeners, list[float](), 0, 0
        self.all_received = asyncio.Event()

    def receive(self, size: int) -> None:
        self.seen.append(time.perf_counter())
        self.size = size
        if len(self.seen) >= self.listeners - self.lost:
            self.all_received.set()


class Listener(asyncio.Protocol):
    """One stream, which records when an event arrives."""

    def __init__(self, deliveries: Deliveries, request: bytes) -> None:
        self.deliveries, self.request = deliveries, request
        self.transport: Any = None
        self.is_accepted = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if data.find(CHANGE) >= 0:
            self.deliveries.receive(len(data))
        elif not self.is_accepted.done():
            self.is_accepted.set_result(data.startswith(b"HTTP/1.1 200 "))

    def connection_lost(self, _: Exception | None) -> None:
        self.deliveries.lost += 1
        if not self.is_accepted.done():
            self.is_accepted.set_result(False)


async def listen(plan: dict[str, Any]) -> None:
    """Connect the listeners, and measure until the input ends. The keys of `plan` are in the module's docstring."""
    deliveries = Deliveries(plan["listeners"])
    listeners = await _connect_all(deliveries, plan)
    subprocesses.write_line("ready")
    while order := await subprocesses.read_line():
        subprocesses.write_line(await _measure(deliveries, json.loads(order)))
    for listener in listeners:
        listener.transport.abort()


async def _measure(deliveries: Deliveries, order: dict[str, Any]) -> dict[str, Any]:
    author, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", order["to"])
    took: list[float] = []
    for _ in range(order["rounds"]):
        deliveries.all_received.clear()
        deliveries.seen.clear()
        post, sent = filled(order["post"]), time.perf_counter()
        author.write(post)
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                await deliveries.all_received.wait()
        except TimeoutError:
            break
        took.extend(seen - sent for seen in deliveries.seen)
        await asyncio.sleep(PAUSE_SECONDS)
    author.close()
    return {"took": Quantiles.of(took), "heard": len(took), "lost": deliveries.lost, "size": deliveries.size}


async def _connect_all(deliveries: Deliveries, plan: dict[str, Any]) -> list[Listener]:
    """Connect the listeners, CONNECTING at a time."""
    loop, request = asyncio.get_running_loop(), plan["listen"].encode()
    limit = asyncio.Semaphore(CONNECTING)

    async def connect() -> Listener:
        async with limit:
            _, listener = await loop.create_connection(lambda: Listener(deliveries, request), "127.0.0.1", plan["port"])
            await listener.is_accepted
        return listener

    return await asyncio.gather(*(connect() for _ in range(plan["listeners"])))


if __name__ == "__main__":
    subprocesses.run(listen)
