"""Load generator: persistent connections, each of which sends a request when the last one was answered.

`python -m feedback_app.bench.visitors '{"port": …, "request": …, "connections": …, "seconds": …}'`; `count` instead of
`seconds` limits the number of requests.
"""

import asyncio
import itertools
import random
import secrets
import time
from collections import Counter
from typing import Any

from . import subprocesses
from .quantiles import Quantiles

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
BODILESS = (b"204", b"304")


class Crowd:
    """State that all connections share: the request, the end, times (`took`) and statuses."""

    def __init__(self, request: str, *, seconds: float, count: int | None) -> None:
        self.request, self.is_constant = request, "{key}" not in request
        self.took: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.end = time.perf_counter() + seconds
        self._left = iter(range(count)) if count is not None else itertools.count()
        self._bytes = request.encode()

    def next(self) -> bytes | None:
        """The next request, or None at the end."""
        if time.perf_counter() >= self.end or next(self._left, None) is None:
            return None
        return self._bytes if self.is_constant else filled(self.request)


class Visitor(asyncio.Protocol):
    """One connection."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.done = asyncio.get_running_loop().create_future()
        self._sent, self._left, self._head = 0.0, 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self._send_next()

    def data_received(self, data: bytes) -> None:
        if self._left:
            self._left -= len(data)
        else:
            self._head += data
            at = self._head.find(HEAD_END)
            if at < 0:
                return
            self._left = _length(self._head[: at + 2]) + at + 4 - len(self._head)
            self.crowd.statuses[self._head[9:12].decode()] += 1
            self._head = b""
        if not self._left:
            self.crowd.took.append(time.perf_counter() - self._sent)
            self._send_next()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.crowd.statuses["lost"] += 1
            self.done.set_result(None)

    def _send_next(self) -> None:
        request = self.crowd.next()
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            self.transport.close()
            return
        self._sent = time.perf_counter()
        self.transport.write(request)


def filled(request: str) -> bytes:
    """The request with a random key and address, so that each comes from another visitor."""
    address = ".".join(str(each) for each in (10, *random.randbytes(3)))  # noqa: S311
    return request.replace("{key}", secrets.token_hex(16)).replace("{address}", address).encode()


def _length(head: bytes) -> int:
    if head[9:12] in BODILESS:
        return 0
    at = head.lower().find(LENGTH)
    if at < 0:
        raise ValueError(f"An answer of unknown length: {head[:60]!r}")
    return int(head[at + len(LENGTH) : head.index(b"\r\n", at)])


async def visit(plan: dict[str, Any]) -> dict[str, Any]:
    """Gives `rate` (per second), `took` (quantiles) and `statuses` (counts)."""
    crowd = Crowd(plan["request"], seconds=plan.get("seconds", 60), count=plan.get("count"))
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    visitors = [
        (await loop.create_connection(lambda: Visitor(crowd), "127.0.0.1", plan["port"]))[1]
        for _ in range(plan["connections"])
    ]
    await asyncio.wait([visitor.done for visitor in visitors])
    seconds = time.perf_counter() - began
    rate = len(crowd.took) / seconds
    return {"rate": rate, "took": Quantiles.of(crowd.took), "statuses": crowd.statuses}


if __name__ == "__main__":
    subprocesses.run(visit)
