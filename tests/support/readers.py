"""A reader of a wall's stream, as a browser is one."""

import asyncio
from contextlib import suppress
from typing import NamedTuple


class Event(NamedTuple):
    id: str
    event: str
    data: str
    retry: str


class Reader:
    """Reads a stream like a browser's EventSource, on a socket of its own."""

    def __init__(
        self,
        port: int,
        after: str = "",
        *,
        last_event_id: str | None = None,
        slug: str = "main",
        host: str = "127.0.0.1",
        path: str = "",
    ) -> None:
        self.path = path or f"/walls/{slug}/live"
        self.port, self.after, self.slug, self.last_event_id, self.host = port, after, slug, last_event_id, host
        self.events: list[Event] = []
        self.status = 0
        self.headers = ""
        self.ended = False

    async def __aenter__(self) -> "Reader":
        self.stream, self.writer = await asyncio.open_connection(self.host, self.port)
        resume = f"Last-Event-ID: {self.last_event_id}\r\n" if self.last_event_id is not None else ""
        address = f"{self.path}?after={self.after}"
        self.writer.write(f"GET {address} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{resume}\r\n".encode())
        head = (await self.stream.readuntil(b"\r\n\r\n")).decode()
        self.status, self.headers = int(head.split()[1]), head.lower()
        self.task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def _listen(self) -> None:
        text = b""
        try:
            while (size := int(await self.stream.readline() or b"0", 16)) > 0:
                text += await self.stream.readexactly(size)
                await self.stream.readline()
                while b"\n\n" in text:
                    block, text = text.split(b"\n\n", 1)
                    self._receive(block.decode())
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        self.ended = True

    def _receive(self, block: str) -> None:
        fields: dict[str, list[str]] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        if set(fields) - {""}:
            self.events.append(Event(*("\n".join(fields.get(name, [])) for name in ("id", "event", "data", "retry"))))

    @property
    def news(self) -> list[Event]:
        return [event for event in self.events if event.data]

    @property
    def versions(self) -> list[int]:
        return [int(event.id) for event in self.news]
