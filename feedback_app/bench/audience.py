"""The audience: very many who listen, in one process, and one author, who posts when everybody has heard the last post.

`python -m feedback_app.bench.audience '{"port": …, "listen": …, "listeners": …}'` says `ready` when all listen.
Each line that it is told then, `{"to": …, "post": …, "rounds": …}`, is a sitting: so many posts to the port `to`.
"""

import asyncio
import json
import time
from typing import Any

from . import loops
from .quantiles import Quantiles
from .visitors import filled

# What news begins with; heartbeats and welcomes have none.
NEWS = b"id: "
AT_ONCE = 100
ROUND_SECONDS = 20
PAUSE_SECONDS = 0.1


class Room:
    """When each listener saw the post of this round, and in how many bytes."""

    def __init__(self, listeners: int) -> None:
        self.listeners, self.seen, self.lost, self.size = listeners, list[float](), 0, 0
        self.everybody = asyncio.Event()

    def saw(self, size: int) -> None:
        self.seen.append(time.perf_counter())
        self.size = size
        if len(self.seen) >= self.listeners - self.lost:
            self.everybody.set()


class Listener(asyncio.Protocol):
    def __init__(self, room: Room, request: bytes) -> None:
        self.room, self.request = room, request
        self.transport: Any = None
        self.is_welcome = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if data.find(NEWS) >= 0:
            self.room.saw(len(data))
        elif not self.is_welcome.done():
            self.is_welcome.set_result(data.startswith(b"HTTP/1.1 200 "))

    def connection_lost(self, _: Exception | None) -> None:
        self.room.lost += 1
        if not self.is_welcome.done():
            self.is_welcome.set_result(False)


async def listen(plan: dict[str, Any]) -> None:
    room = Room(plan["listeners"])
    listeners = await _gather(room, plan)
    loops.tell("ready")
    while sitting := await loops.told():
        loops.tell(await _sit(room, json.loads(sitting)))
    for listener in listeners:
        listener.transport.abort()


async def _sit(room: Room, sitting: dict[str, Any]) -> dict[str, Any]:
    line, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", sitting["to"])
    took: list[float] = []
    for _ in range(sitting["rounds"]):
        room.everybody.clear()
        room.seen.clear()
        post, sent = filled(sitting["post"]), time.perf_counter()
        line.write(post)
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                await room.everybody.wait()
        except TimeoutError:
            break
        took.extend(seen - sent for seen in room.seen)
        await asyncio.sleep(PAUSE_SECONDS)
    line.close()
    return {"took": Quantiles.of(took), "heard": len(took), "lost": room.lost, "size": room.size}


async def _gather(room: Room, plan: dict[str, Any]) -> list[Listener]:
    """Let them come some at a time, as fast as they are let in."""
    loop, request = asyncio.get_running_loop(), plan["listen"].encode()
    door = asyncio.Semaphore(AT_ONCE)

    async def come() -> Listener:
        async with door:
            _, listener = await loop.create_connection(lambda: Listener(room, request), "127.0.0.1", plan["port"])
            await listener.is_welcome
        return listener

    return await asyncio.gather(*(come() for _ in range(plan["listeners"])))


if __name__ == "__main__":
    loops.run(listen)
