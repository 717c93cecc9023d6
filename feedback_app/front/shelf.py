"""The shelf: ready bytes by their address, as many as fit."""

from collections import OrderedDict
from itertools import islice
from typing import NamedTuple

from .ready import Ready


class Address(NamedTuple):
    """What may tell two pages apart, and nothing else of a request."""

    path: str
    query: bytes
    scheme: str
    host: bytes


class Shelf:
    """When it is full, what was not asked for longest has to go."""

    def __init__(self, most_bytes: int) -> None:
        self.bytes = 0
        self._most = most_bytes
        self._ready: OrderedDict[Address, Ready] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ready)

    def find(self, address: Address) -> Ready | None:
        ready = self._ready.get(address)
        if ready is not None:
            self._ready.move_to_end(address)
        return ready

    def put(self, address: Address, ready: Ready) -> None:
        self.drop(address)
        self._ready[address] = ready
        self.bytes += ready.weight
        while self.bytes > self._most:
            self.drop(next(iter(self._ready)))

    def drop(self, address: Address) -> None:
        ready = self._ready.pop(address, None)
        if ready is not None:
            self.bytes -= ready.weight

    def latest(self, count: int | None = None) -> list[tuple[Address, Ready]]:
        """Those that were asked for last, the last one first."""
        return list(islice(reversed(self._ready.items()), count))
