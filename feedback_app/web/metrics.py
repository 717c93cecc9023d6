"""What is counted, for Prometheus. No label has a wall, an address or anything else that visitors make."""

import asyncio
import functools
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from .. import __version__

# Prometheus' library looks for this when it is first imported, and then keeps its numbers in files of that folder.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Other methods count as "other".
METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
WRITING = "feedback.write"
# What became of a post where nobody who decided it has said so (`answered`).
OUTCOMES = {
    201: "stored",
    303: "stored",
    403: "foreign",
    404: "no wall",
    408: "too slow",
    413: "too large",
    415: "not a form",
    422: "invalid",
    429: "limited",
}
LAG_SECONDS = 0.5
# Routes that stay open.
STREAMS = {"live.stream", "live.index"}

disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()
# Memory, processor time and open files; of one process, so that a server of several workers leaves it out.
ProcessCollector(registry=registry)

REQUESTS = Counter(
    "feedback_requests",
    "Requests, by method, by the name of the route and by the class of the status. A stream counts when it ends.",
    ("method", "route", "status"),
    registry=registry,
)
DURATION = Histogram(
    "feedback_request_seconds",
    "How long requests took, by the name of the route; streams, which stay open, are left out.",
    ("route",),
    registry=registry,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BUILD = Gauge(
    "feedback_build_info", "Always 1.", ("version", "python"), registry=registry, multiprocess_mode="mostrecent"
)
DATABASE_BYTES = Gauge(
    "feedback_database_bytes",
    "The size of an SQLite database with its log; 0 for one on a server.",
    registry=registry,
    multiprocess_mode="mostrecent",
)
POSTS = Counter("feedback_posts", "Forms sent to a wall, by what became of them.", ("outcome",), registry=registry)
LISTENERS = Gauge("feedback_listeners", "Open streams.", registry=registry, multiprocess_mode="livesum")
CUT = Counter("feedback_listeners_cut", "Streams that were cut because the reader was too slow.", registry=registry)
TURNED_AWAY = Counter(
    "feedback_connections_turned_away",
    "Connections that were cut off because there were too many: `all` when no file descriptor was left for them, "
    "`address` when one address had its share.",
    ("limit",),
    registry=registry,
)
BROADCAST_VERSIONS = Counter(
    "feedback_versions_told", "Versions of walls told to those who listened; counted by process.", registry=registry
)
BROADCAST_DELAY = Histogram(
    "feedback_told_after_seconds",
    "From a change in the database to the moment when this process had told it.",
    registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
DATABASE_ERRORS = Counter(
    "feedback_database_errors", "How often a request or the teller could not use the database.", registry=registry
)
LAG = Histogram(
    "feedback_event_loop_lag_seconds",
    "How late the event loop comes to what is due.",
    registry=registry,
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)


class Counting(Protocol):
    """The hub, as far as it is looked at."""

    count: int


def answered(method: str, route: str, status: int, times: int = 1, outcome: str = "") -> None:
    """So many requests have ended in this way; `status` is 0 when they got no answer.

    `outcome` is what became of a post, in the words of whoever decided it, where that is more than the status says.
    """
    _requests(method, route, f"{status // 100}xx" if status else "none").inc(times)
    if route == WRITING and method == "POST":
        POSTS.labels("failed" if status >= 500 else outcome or OUTCOMES.get(status, "refused")).inc(times)


@functools.cache
def _requests(method: str, route: str, status: str) -> Counter:
    return REQUESTS.labels(method, route, status)


def took(route: str, seconds: float) -> None:
    """A request has ended after so long."""
    if route not in STREAMS:
        _durations(route).observe(seconds)


@functools.cache
def _durations(route: str) -> Histogram:
    return DURATION.labels(route)


def broadcast_done(versions: int, changed_at: datetime | None) -> None:
    """Everybody who listens here has been told so many versions, the latest of which came to be at that time."""
    BROADCAST_VERSIONS.inc(versions)
    if changed_at is not None:
        # Clocks of two machines need not agree.
        BROADCAST_DELAY.observe(max(0.0, (datetime.now(UTC) - changed_at).total_seconds()))


async def watch(hub: Counting) -> None:
    """Look at the streams and at the event loop now and then; cancelled when the server stops."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        LAG.observe(max(0.0, clock() - due))
        LISTENERS.set(hub.count)


def exposition(database: Path | None = None) -> bytes:
    """The numbers of this process, or of all the workers of one server, in Prometheus' text format 0.0.4.

    `database` is the file of one that is SQLite's.
    """
    BUILD.labels(__version__, platform.python_version()).set(1)
    files = [database, database.with_name(f"{database.name}-wal")] if database else []
    DATABASE_BYTES.set(sum(file.stat().st_size for file in files if file.exists()))
    if FOLDER not in os.environ:
        return generate_latest(registry)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)


@contextmanager
def shared_folder() -> Iterator[str]:
    """For a server of several workers: a private folder for their numbers, in the environment that they inherit."""
    folder = tempfile.mkdtemp(prefix="feedback-metrics-")
    os.environ[FOLDER] = folder
    try:
        yield folder
    finally:
        os.environ.pop(FOLDER, None)
        shutil.rmtree(folder, ignore_errors=True)


def forget(pid: int) -> None:
    """A worker has ended: it has no streams any more. What it has counted stays counted."""
    mark_process_dead(pid, os.environ[FOLDER])  # type: ignore[no-untyped-call]
