"""Ready bytes: one address as it was made for one state of its wall, in whichever encoding is asked for."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_etags

from ...web.middleware.raw_response import ENCODINGS, WORTH_COMPRESSING, Header, RawResponse

# What a page was made of: its wall's number and version, and the edition of its form's stamp.
Fingerprint = tuple[int, int, str]
LONGEST_HEADER = 256
OF_THE_BODY = (
    b"content-type",
    b"content-length",
    b"content-encoding",
    b"content-security-policy",
    b"cross-origin-embedder-policy",
    b"cross-origin-resource-policy",
)


class CachedPage:
    """Answers without asking anybody. `asked` counts how often it was wanted."""

    __slots__ = (
        "_best",
        "_body",
        "_headers",
        "_route",
        "_unchanged",
        "_wholes",
        "asked",
        "at",
        "fingerprint",
        "slug",
        "tag",
    )

    def __init__(self, slug: str, route: str, fingerprint: Fingerprint, headers: Iterable[Header], body: bytes) -> None:
        self.slug, self.fingerprint, self.at, self.asked = slug, fingerprint, time.monotonic(), 0
        self._route, self._body = route, body
        self._headers = [header for header in headers if header[0] != b"content-length"]
        self.tag = next(value for name, value in self._headers if name == b"etag")
        # The policy of a 304 would replace the one of the page that the browser has kept.
        self._unchanged = RawResponse.of(route, 304, (each for each in self._headers if each[0] not in OF_THE_BODY))
        self._wholes: dict[str, RawResponse] = {}
        self._best = False

    @property
    def weight(self) -> int:
        """Roughly the most memory it comes to, with every encoding made."""
        return 3 * len(self._body) + 8192

    def answer(self, headers: dict[bytes, bytes]) -> RawResponse:
        """The whole page, or that it is unchanged."""
        self.asked += 1
        known = headers.get(b"if-none-match")
        if known is not None and (known == self.tag or _names(known, self.tag)):
            return self._unchanged
        return self._whole(encoding_of(headers.get(b"accept-encoding", b"")))

    def outdated(self, headers: dict[bytes, bytes]) -> RawResponse:
        """What was known last, said to be that, for as long as nobody can say whether it still holds."""
        whole = self._whole(encoding_of(headers.get(b"accept-encoding", b"")))
        kept = (header for header in whole.start["headers"] if header[0] not in (b"etag", b"cache-control"))
        age = b"%d" % (time.monotonic() - self.at)
        # RFC 9111, section 5.1, and RFC 7234, section 5.5.1.
        said = ((b"cache-control", b"no-store"), (b"age", age), (b"warning", b'110 - "Response is Stale"'))
        return RawResponse.of(self._route, 200, (*kept, *said), whole.body["body"])

    @property
    def is_worth_the_best(self) -> bool:
        return not self._best and self.asked > 1 and len(self._body) >= WORTH_COMPRESSING

    def compress_best(self) -> None:
        """Takes tens of milliseconds: in a thread. The answers are exchanged one by one, each whole."""
        self._best = True
        for encoding in list(self._wholes):
            if encoding in ENCODINGS:
                self._wholes[encoding] = self._made(encoding, ENCODINGS[encoding][1](self._body))

    def _whole(self, encoding: str) -> RawResponse:
        if len(self._body) < WORTH_COMPRESSING:
            encoding = "identity"
        found = self._wholes.get(encoding)
        if found is None:
            made = ENCODINGS[encoding][0](self._body) if encoding in ENCODINGS else self._body
            found = self._wholes[encoding] = self._made(encoding, made)
        return found

    def _made(self, encoding: str, body: bytes) -> RawResponse:
        headers = [*self._headers, (b"content-length", b"%d" % len(body))]
        if encoding != "identity":
            headers.append((b"content-encoding", encoding.encode()))
        return RawResponse.of(self._route, 200, headers, body)


def encoding_of(header: bytes) -> str:
    """Which encoding somebody gets who says this; of those they like as well as any the first of ours."""
    return _encoding_of(header) if len(header) <= LONGEST_HEADER else "identity"


@lru_cache(maxsize=512)
def _encoding_of(header: bytes) -> str:
    accepted = parse_accept_header(header.decode("latin-1"), Accept)
    best = max(ENCODINGS, key=accepted.quality)
    return best if accepted.quality(best) > 0 else "identity"


def _names(header: bytes, tag: bytes) -> bool:
    return parse_etags(header.decode("latin-1")).contains_weak(tag.decode().removeprefix("W/").strip('"'))


class PageKey(NamedTuple):
    """What may tell two pages apart, and nothing else of a request."""

    path: str
    query: bytes
    scheme: str
    host: bytes


class LRUCache:
    """When it is full, what was not asked for longest has to go."""

    def __init__(self, most_bytes: int) -> None:
        self.bytes = 0
        self._most = most_bytes
        self._ready: OrderedDict[PageKey, CachedPage] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ready)

    def find(self, address: PageKey) -> CachedPage | None:
        ready = self._ready.get(address)
        if ready is not None:
            self._ready.move_to_end(address)
        return ready

    def put(self, address: PageKey, ready: CachedPage) -> None:
        self.drop(address)
        self._ready[address] = ready
        self.bytes += ready.weight
        while self.bytes > self._most:
            self.drop(next(iter(self._ready)))

    def drop(self, address: PageKey) -> None:
        ready = self._ready.pop(address, None)
        if ready is not None:
            self.bytes -= ready.weight

    def latest(self, count: int | None = None) -> list[tuple[PageKey, CachedPage]]:
        """Those that were asked for last, the last one first."""
        return list(islice(reversed(self._ready.items()), count))
