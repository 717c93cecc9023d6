"""A cached page: the response of one URL for one version of its wall, in each encoding; and the LRU cache."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_etags

from ...web.middleware.raw_response import ENCODINGS, WORTH_COMPRESSING, Header, RawResponse

# What a page depends on: wall id, wall version, form token period.
Fingerprint = tuple[int, int, str]
LONGEST_HEADER = 256
# Headers that describe the body, which a 304 does not have.
BODY_HEADERS = (
    b"content-type",
    b"content-length",
    b"content-encoding",
    b"content-security-policy",
    b"cross-origin-embedder-policy",
    b"cross-origin-resource-policy",
)


class CachedPage:
    """One page in the cache. `hits` counts its requests, `at` is its age's start on the monotonic clock."""

    __slots__ = (
        "_body",
        "_headers",
        "_is_best",
        "_not_modified",
        "_responses",
        "_route",
        "at",
        "fingerprint",
        "hits",
        "slug",
        "tag",
    )

    def __init__(self, slug: str, route: str, fingerprint: Fingerprint, headers: Iterable[Header], body: bytes) -> None:
        self.slug, self.fingerprint, self.at, self.hits = slug, fingerprint, time.monotonic(), 0
        self._route, self._body = route, body
        self._headers = [header for header in headers if header[0] != b"content-length"]
        self.tag = next(value for name, value in self._headers if name == b"etag")
        # A policy on a 304 would replace the one of the page in the browser's cache.
        self._not_modified = RawResponse.of(route, 304, (each for each in self._headers if each[0] not in BODY_HEADERS))
        self._responses: dict[str, RawResponse] = {}
        self._is_best = False

    @property
    def weight(self) -> int:
        """An upper estimate of its memory in bytes, with every encoding."""
        return 3 * len(self._body) + 8192

    def answer(self, headers: dict[bytes, bytes]) -> RawResponse:
        """The response to a request with these headers: 200, or 304 when `If-None-Match` has its ETag."""
        self.hits += 1
        tags = headers.get(b"if-none-match")
        if tags is not None and (tags == self.tag or _contains(tags, self.tag)):
            return self._not_modified
        return self._response(encoding_of(headers.get(b"accept-encoding", b"")))

    def answer_stale(self, headers: dict[bytes, bytes]) -> RawResponse:
        """The page marked as stale, for when the database cannot confirm that it is current."""
        full = self._response(encoding_of(headers.get(b"accept-encoding", b"")))
        unaffected = (header for header in full.start["headers"] if header[0] not in (b"etag", b"cache-control"))
        age = b"%d" % (time.monotonic() - self.at)
        # RFC 9111, section 5.1, and RFC 7234, section 5.5.1.
        stale = ((b"cache-control", b"no-store"), (b"age", age), (b"warning", b'110 - "Response is Stale"'))
        return RawResponse.of(self._route, 200, (*unaffected, *stale), full.body["body"])

    @property
    def needs_best_compression(self) -> bool:
        """Whether it was requested more than once and has only the fast compression so far."""
        return not self._is_best and self.hits > 1 and len(self._body) >= WORTH_COMPRESSING

    def compress_best(self) -> None:
        """Replace each compressed response by the smallest one. It takes tens of milliseconds: call it in a thread."""
        self._is_best = True
        for encoding in list(self._responses):
            if encoding in ENCODINGS:
                self._responses[encoding] = self._encoded(encoding, ENCODINGS[encoding][1](self._body))

    def _response(self, encoding: str) -> RawResponse:
        if len(self._body) < WORTH_COMPRESSING:
            encoding = "identity"
        found = self._responses.get(encoding)
        if found is None:
            body = ENCODINGS[encoding][0](self._body) if encoding in ENCODINGS else self._body
            found = self._responses[encoding] = self._encoded(encoding, body)
        return found

    def _encoded(self, encoding: str, body: bytes) -> RawResponse:
        headers = [*self._headers, (b"content-length", b"%d" % len(body))]
        if encoding != "identity":
            headers.append((b"content-encoding", encoding.encode()))
        return RawResponse.of(self._route, 200, headers, body)


def encoding_of(header: bytes) -> str:
    """The encoding for an `Accept-Encoding` header: `br`, `gzip` or `identity`; of equal ones the first of ours."""
    return _encoding_of(header) if len(header) <= LONGEST_HEADER else "identity"


@lru_cache(maxsize=512)
def _encoding_of(header: bytes) -> str:
    accepted = parse_accept_header(header.decode("latin-1"), Accept)
    best = max(ENCODINGS, key=accepted.quality)
    return best if accepted.quality(best) > 0 else "identity"


def _contains(header: bytes, tag: bytes) -> bool:
    return parse_etags(header.decode("latin-1")).contains_weak(tag.decode().removeprefix("W/").strip('"'))


class PageKey(NamedTuple):
    """The parts of a request that a page may depend on."""

    path: str
    query: bytes
    scheme: str
    host: bytes


class LRUCache:
    """A least-recently-used cache of pages, limited by their weight in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self.bytes = 0
        self._most = most_bytes
        self._pages: OrderedDict[PageKey, CachedPage] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pages)

    def find(self, key: PageKey) -> CachedPage | None:
        """The page, which becomes the most recently used one; None when it is not cached."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def put(self, key: PageKey, page: CachedPage) -> None:
        """Store a page, and evict the least recently used ones above the limit."""
        self.drop(key)
        self._pages[key] = page
        self.bytes += page.weight
        while self.bytes > self._most:
            self.drop(next(iter(self._pages)))

    def drop(self, key: PageKey) -> None:
        """Remove a page if it is cached."""
        page = self._pages.pop(key, None)
        if page is not None:
            self.bytes -= page.weight

    def latest(self, count: int | None = None) -> list[tuple[PageKey, CachedPage]]:
        """The most recently used pages, the latest one first."""
        return list(islice(reversed(self._pages.items()), count))
