"""The door: looks at each request, answers with what is ready and still so, and leaves everything else to Quart."""

import asyncio
import re
import time
from urllib.parse import urlsplit

from ...antispam.form_token import FormTokens
from ...clock import now
from ...web.middleware.asgi import App, Receive, Scope, Send
from ...web.middleware.raw_response import RawResponse
from ..versions import VersionUnknown, WallVersions
from .cached_page import CachedPage, LRUCache, PageKey
from .renderer import PageRenderer

ADDRESS = re.compile(r"/walls/([a-z0-9-]{1,60})(?:/frame|/feedback|/feed\.json|/feed\.atom)?")
# What is worth keeping of all that can be asked for; a thank-you, for one, is shown to one person once.
QUERY = re.compile(rb"(?:(?:before|view|theme|accent|form|limit|lang|sort)=[0-9A-Za-z%-]{1,20}(?:&(?!$)|$)){0,8}")
HOST = re.compile(rb"[0-9A-Za-z.\-:\[\]]{1,255}")
# Whoever sends one of these brings something along, or wants something else than the page.
DOUBTFUL = frozenset((b"content-length", b"transfer-encoding", b"authorization", b"range", b"expect", b"upgrade"))
PLAIN_BYTES = 32 * 2**20
QUERIED_BYTES = 8 * 2**20
# How long a reader waits for a database that may be away before they get what was known last.
PATIENCE_SECONDS = 5
TEND_SECONDS = 1
# How many of those asked for last are made anew each time; the others are only dropped.
TENDED = 20
SLICE = 200
SETTLED_SECONDS = 2


class PageCacheMiddleware:
    """Ready bytes are given away only when the wall is proved to be in the state they were made for.

    Without a public address `base_url`, pages name those that a visitor uses, and are kept for each.
    """

    def __init__(self, app: App, wall_versions: WallVersions, form_tokens: FormTokens, base_url: str) -> None:
        self.app = app
        self._wall_versions, self._form_tokens = wall_versions, form_tokens
        public = urlsplit(base_url)
        self._origin = (public.scheme, public.netloc.encode()) if base_url else None
        self._renderer = PageRenderer(app, self._keep)
        # Addresses with a query are without number; they make room for each other, not on the others' shelf.
        self._plain, self._queried = LRUCache(PLAIN_BYTES), LRUCache(QUERIED_BYTES)

    def immediate_response(self, scope: Scope) -> RawResponse | None:
        """What is ready and still so."""
        headers = _told(scope)
        if headers is None or scope["method"] != "GET":
            return None
        address = self._address(scope, headers)
        ready = self._shelf(address).find(address)
        return ready.answer(headers) if ready is not None and self._is_fresh(ready) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _told(scope)
        if headers is None:
            return await self.app(scope, receive, send)
        address = self._address(scope, headers)
        ready = self._shelf(address).find(address)
        slug = ready.slug if ready is not None else _slug(address)
        if slug is None:
            return await self.app(scope, receive, send)

        is_outdated = False
        if ready is None or not self._is_fresh(ready):
            ready, is_outdated = await self._ready(address, slug)

        if ready is None:
            return await self.app(scope, receive, send)
        answer = ready.outdated(headers) if is_outdated else ready.answer(headers)
        return await answer.give(scope, send)

    def _address(self, scope: Scope, headers: dict[bytes, bytes]) -> PageKey:
        origin = self._origin or (scope["scheme"], headers.get(b"host", b""))
        return PageKey(scope["path"], scope["query_string"], *origin)

    def _is_fresh(self, ready: CachedPage) -> bool:
        """Whether it is proved, without waiting for anything, that it would be made just so again."""
        try:
            state = self._wall_versions.at_once(ready.slug)
        except VersionUnknown:
            return False
        return state is not None and ready.fingerprint == (*state, self._form_tokens.period(now()))

    async def _ready(self, address: PageKey, slug: str) -> tuple[CachedPage | None, bool]:
        """What answers this request, if anything does, and whether it is only what was known last."""
        before = self._renderer.count
        try:
            state = await self._wall_versions.of(slug)
        except VersionUnknown as unproved:
            if unproved.hangs and (known := self._shelf(address).find(address)) is not None:
                return known, True
            fingerprint = None  # Quart has more patience, and says so when it does not get through either.
        else:
            if state is None:
                return None, False
            fingerprint = (*state, self._form_tokens.period(now()))
        while True:
            known = self._shelf(address).find(address)
            if known is not None and known.fingerprint == fingerprint:
                return known, False
            making = self._renderer.make(address, slug)
            outcome = await making.wait(PATIENCE_SECONDS if known is not None and fingerprint is None else None)
            if outcome is None or outcome.status == 503:
                return known, True
            # What began before somebody came may lack what they have just written.
            if outcome.ready is None or making.number > before:
                return outcome.ready, False

    async def revalidate(self) -> None:
        """Keep what is ready a second behind at most, for when the database is away; cancelled when the server stops.

        What was taken off a wall must not stand there again then, so whatever is old is dropped before any of it is
        made anew.
        """
        while True:
            await asyncio.sleep(TEND_SECONDS)
            for shelf in (self._plain, self._queried):
                await self._drop_outdated(shelf)

    async def compress(self) -> None:
        """Compress well what has stayed for a while; cancelled when the server stops."""
        while True:
            await asyncio.sleep(TEND_SECONDS)
            for shelf in (self._plain, self._queried):
                for _, ready in reversed(shelf.latest()):
                    if ready.is_worth_the_best and time.monotonic() - ready.at > SETTLED_SECONDS:
                        await asyncio.to_thread(ready.compress_best)

    async def _drop_outdated(self, shelf: LRUCache) -> None:
        latest = shelf.latest()
        for first in range(0, len(latest), SLICE):
            some = latest[first : first + SLICE]
            try:
                states = await self._wall_versions.of_all({ready.slug for _, ready in some})
            except VersionUnknown:
                return
            for place, (address, ready) in enumerate(some, first):
                state = states.get(ready.slug)
                if state is None or ready.fingerprint[:2] != state:
                    # What is asked for often comes back in a moment, as it is now.
                    shelf.drop(address)
                    if state is not None and place < TENDED:
                        self._renderer.make(address, ready.slug)
            await asyncio.sleep(0)

    async def close(self) -> None:
        await self._renderer.close()

    def _shelf(self, address: PageKey) -> LRUCache:
        return self._queried if address.query else self._plain

    def _keep(self, address: PageKey, ready: CachedPage) -> None:
        self._shelf(address).put(address, ready)


def _told(scope: Scope) -> dict[bytes, bytes] | None:
    """The headers of a request for nothing but a page; None where it is, or may be, for something else."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    headers = dict(scope["headers"])
    return headers if len(headers) == len(scope["headers"]) and DOUBTFUL.isdisjoint(headers) else None


def _slug(address: PageKey) -> str | None:
    """Of which wall this is a page that is worth keeping."""
    found = ADDRESS.fullmatch(address.path)
    if found is None or not QUERY.fullmatch(address.query) or not HOST.fullmatch(address.host):
        return None
    return found.group(1)
