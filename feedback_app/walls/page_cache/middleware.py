"""The page cache middleware: serves a cached page while its wall is unchanged, and leaves other requests to Quart."""

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
# Query parameters of cacheable pages; `thanks`, for one, is for a single visitor.
QUERY = re.compile(rb"(?:(?:before|view|theme|accent|form|limit|lang|sort)=[0-9A-Za-z%-]{1,20}(?:&(?!$)|$)){0,8}")
HOST = re.compile(rb"[0-9A-Za-z.\-:\[\]]{1,255}")
# A request with one of these has a body, or wants something else than the page.
DOUBTFUL = frozenset((b"content-length", b"transfer-encoding", b"authorization", b"range", b"expect", b"upgrade"))
PLAIN_BYTES = 32 * 2**20
QUERIED_BYTES = 8 * 2**20
# A reader waits this long for an unreachable database, and then gets the stale page.
PATIENCE_SECONDS = 5
REVALIDATE_SECONDS = 1
# Of the outdated pages, this many of the most recently used are rendered again; the others are only dropped.
MOST_RENDERED = 20
BATCH = 200
# A page gets the best compression when it has been cached for this long.
SETTLED_SECONDS = 2


class PageCacheMiddleware:
    """Serves a cached page only after checking that its fingerprint is current.

    Without `base_url`, pages contain the scheme and host of the request, and are cached for each of them.
    """

    def __init__(self, app: App, wall_versions: WallVersions, form_tokens: FormTokens, base_url: str) -> None:
        self.app = app
        self._wall_versions, self._form_tokens = wall_versions, form_tokens
        public = urlsplit(base_url)
        self._origin = (public.scheme, public.netloc.encode()) if base_url else None
        self._renderer = PageRenderer(app, self._store)
        # URLs with a query are unlimited in number, so they have their own cache and evict only each other.
        self._plain, self._queried = LRUCache(PLAIN_BYTES), LRUCache(QUERIED_BYTES)

    def immediate_response(self, scope: Scope) -> RawResponse | None:
        """The cached response if the page is current, known without waiting; else None."""
        headers = _page_headers(scope)
        if headers is None or scope["method"] != "GET":
            return None
        key = self._key(scope, headers)
        page = self._cache_for(key).find(key)
        return page.answer(headers) if page is not None and self._is_current(page) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _page_headers(scope)
        if headers is None:
            return await self.app(scope, receive, send)
        key = self._key(scope, headers)
        page = self._cache_for(key).find(key)
        slug = page.slug if page is not None else _slug(key)
        if slug is None:
            return await self.app(scope, receive, send)

        is_stale = False
        if page is None or not self._is_current(page):
            page, is_stale = await self._page(key, slug)

        if page is None:
            return await self.app(scope, receive, send)
        answer = page.answer_stale(headers) if is_stale else page.answer(headers)
        return await answer.give(scope, send)

    def _key(self, scope: Scope, headers: dict[bytes, bytes]) -> PageKey:
        origin = self._origin or (scope["scheme"], headers.get(b"host", b""))
        return PageKey(scope["path"], scope["query_string"], *origin)

    def _is_current(self, page: CachedPage) -> bool:
        """Whether its fingerprint is current, as far as that is known without waiting."""
        try:
            state = self._wall_versions.immediate(page.slug)
        except VersionUnknown:
            return False
        return state is not None and page.fingerprint == (*state, self._form_tokens.period(now()))

    async def _page(self, key: PageKey, slug: str) -> tuple[CachedPage | None, bool]:
        """The page for this request, None if Quart has to respond; and whether it is stale."""
        jobs_before = self._renderer.count
        try:
            state = await self._wall_versions.of(slug)
        except VersionUnknown as unknown:
            if unknown.hangs and (cached := self._cache_for(key).find(key)) is not None:
                return cached, True
            fingerprint = None  # Quart waits longer, and has an error page.
        else:
            if state is None:
                return None, False
            fingerprint = (*state, self._form_tokens.period(now()))
        while True:
            cached = self._cache_for(key).find(key)
            if cached is not None and cached.fingerprint == fingerprint:
                return cached, False
            job = self._renderer.render(key, slug)
            outcome = await job.wait(PATIENCE_SECONDS if cached is not None and fingerprint is None else None)
            if outcome is None or outcome.status == 503:
                return cached, True
            # A job that started before this request may lack what the visitor has just posted.
            if outcome.page is None or job.number > jobs_before:
                return outcome.page, False

    async def revalidate(self) -> None:
        """Keep cached pages at most a second behind the database, for when it fails; runs until cancelled.

        Outdated pages are dropped before any is rendered again: a hidden entry must not reappear on a stale page.
        """
        while True:
            await asyncio.sleep(REVALIDATE_SECONDS)
            for cache in (self._plain, self._queried):
                await self._drop_outdated(cache)

    async def compress(self) -> None:
        """Give pages that stay in the cache the best compression; runs until cancelled."""
        while True:
            await asyncio.sleep(REVALIDATE_SECONDS)
            for cache in (self._plain, self._queried):
                for _, page in reversed(cache.latest()):
                    if page.needs_best_compression and time.monotonic() - page.at > SETTLED_SECONDS:
                        await asyncio.to_thread(page.compress_best)

    async def _drop_outdated(self, cache: LRUCache) -> None:
        latest = cache.latest()
        for first in range(0, len(latest), BATCH):
            batch = latest[first : first + BATCH]
            try:
                states = await self._wall_versions.of_all({page.slug for _, page in batch})
            except VersionUnknown:
                return
            for position, (key, page) in enumerate(batch, first):
                state = states.get(page.slug)
                if state is None or page.fingerprint[:2] != state:
                    cache.drop(key)
                    if state is not None and position < MOST_RENDERED:
                        self._renderer.render(key, page.slug)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Cancel all rendering."""
        await self._renderer.close()

    def _cache_for(self, key: PageKey) -> LRUCache:
        return self._queried if key.query else self._plain

    def _store(self, key: PageKey, page: CachedPage) -> None:
        self._cache_for(key).put(key, page)


def _page_headers(scope: Scope) -> dict[bytes, bytes] | None:
    """The headers of a plain GET or HEAD request; None for any other request."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    headers = dict(scope["headers"])
    return headers if len(headers) == len(scope["headers"]) and DOUBTFUL.isdisjoint(headers) else None


def _slug(key: PageKey) -> str | None:
    """The slug in a cacheable URL, None for any other."""
    found = ADDRESS.fullmatch(key.path)
    if found is None or not QUERY.fullmatch(key.query) or not HOST.fullmatch(key.host):
        return None
    return found.group(1)
