"""Connection limits, in total and per address, and the listening TCP socket."""

import logging
import resource
import socket
import time
from collections import Counter

from ..web import metrics
from ..web.middleware.network import network_of

# File descriptors for the database, the log and other files; a quarter of the limit if that is less.
RESERVED = 128
# Connections of an address for pages and posts, besides its streams.
BESIDE_STREAMS = 1_000
QUIET_SECONDS = 60
# TCP_USER_TIMEOUT: a client that acknowledges nothing for so long is disconnected.
UNACKNOWLEDGED_MILLISECONDS = 25_000
SEND_BUFFER_BYTES = 128 * 1024

logger = logging.getLogger(__name__)


class RareWarning:
    """A warning that is logged at most once a minute, with the number of times that it was due."""

    def __init__(self) -> None:
        self._since, self._count = float("-inf"), 0

    def warning(self, sentence: str) -> None:
        """Log the sentence, or only count it."""
        self._count += 1
        at = time.monotonic()
        if at - self._since < QUIET_SECONDS:
            return
        more = f" {self._count:,} times since the last such line." if self._count > 1 else ""
        self._since, self._count = at, 0
        logger.warning("%s%s", sentence, more)


MALFORMED = RareWarning()


class Connections:
    """Counts the open connections of a server. `most_per_address` is 0 (no limit) behind a proxy."""

    def __init__(self, most_per_address: int) -> None:
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.most, self.most_per_address = most - min(RESERVED, most // 4), most_per_address
        self.count = 0
        self._per_address: Counter[str] = Counter()
        self._full, self._crowd = RareWarning(), RareWarning()

    def admit(self, client: tuple[str, int] | None) -> bool:
        """Count one more connection, if the limits allow it; False if not."""
        address = _address(client)
        if self.count >= self.most:
            self._full.warning(
                f"No file descriptor is left for another connection: {self.count:,} are open, and more are cut off. "
                "Raise the limit of open files (ulimit -n, LimitNOFILE)."
            )
            metrics.TURNED_AWAY.labels("all").inc()
            return False
        if self.most_per_address and self._per_address[address] >= self.most_per_address:
            self._crowd.warning(
                f"One address has {self.most_per_address:,} connections open; more from there are cut off. "
                "Behind a proxy, set FEEDBACK_TRUSTED_PROXIES."
            )
            metrics.TURNED_AWAY.labels("address").inc()
            return False
        self.count += 1
        self._per_address[address] += 1
        return True

    def release(self, client: tuple[str, int] | None) -> None:
        """Count one connection less."""
        address = _address(client)
        self.count -= 1
        self._per_address[address] -= 1
        if not self._per_address[address]:
            del self._per_address[address]


def _address(client: tuple[str, int] | None) -> str:
    return network_of(client[0]) if client else ""


def listen(host: str, port: int) -> socket.socket:
    """A TCP socket whose connections end when the client acknowledges nothing for long.

    Raises OSError if the address cannot be used, and UnicodeError for an invalid host name.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only if the protocol is given.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLISECONDS)
    listening.bind((host, port))
    listening.listen(2048)
    return listening


def allow_many() -> None:
    """Raise the soft limit of open files to the hard one. The usual 1,024 would be a thousand readers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
