"""A model of a page: its list, and how it applies the fragments of a stream."""

import re

import httpx

from . import Reader

PARTIAL = re.compile(r'<hx-partial\s+hx-target="#([^"]+)"\s+hx-swap="([\w-]+)">(.*?)</hx-partial>', re.DOTALL)
ENTRY = re.compile(
    r'<article class="feedback"\s+id="(feedback-\d+)".*?class="feedback__text"[^>]*>(.*?)</p>', re.DOTALL
)


class PageModel:
    """Entries by DOM id, as a browser would show them."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.version = 0
        self.reader: Reader | None = None

    async def open(self, client: httpx.AsyncClient, port: int) -> None:
        """Load the page, then listen from its version."""
        await self.close()
        page = (await client.get("/walls/main")).text
        self.entries = dict(ENTRY.findall(page))
        self.version = version_of(page)
        await self.resume(port)

    async def resume(self, port: int) -> None:
        await self.close()
        self.reader = await Reader(port, str(self.version)).__aenter__()

    async def close(self) -> None:
        if self.reader is not None:
            self.take()
            await self.reader.__aexit__()
            self.reader = None

    def take(self) -> None:
        """Apply the received events."""
        assert self.reader is not None
        while self.reader.events:
            event = self.reader.events.pop(0)
            for target, style, html in PARTIAL.findall(event.data):
                assert style in ("insert-entries", "delete"), "These readers are never too far behind."
                if style == "delete":
                    self.entries.pop(target, None)
                else:
                    self.entries.update(ENTRY.findall(html))
            if event.id:
                assert int(event.id) > self.version
                self.version = int(event.id)


def version_of(page: str) -> int:
    found = re.search(r'data-version="(\d+)"', page)
    assert found is not None
    return int(found.group(1))
