"""Prometheus metrics. No label value comes from a visitor, so their number is bounded."""

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

# prometheus_client reads this variable when it is first imported, and then stores its values in files there.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Other methods count as "other".
METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
POST_ROUTE = "feedback.write"
# The outcome of a post by status, used when the code that answered it named none.
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
# Routes whose responses stay open.
STREAMS = {"live.stream", "live.index"}

disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()
# Memory, CPU time and open files of one process; a server with several workers leaves it out.
ProcessCollector(registry=registry)

REQUESTS = Counter(
    "feedback_requests",
    "Requests, by method, by the name of the route and by the class of the status. A stream counts when it ends.",
    ("method", "route", "status"),
    registry=registry,
)
DURATION = Histogram(
    "feedback_request_seconds",
    "How long requests took, by route name. Left out: streams, and pages sent straight from the page cache.",
    ("route",),
    registry=registry,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BUILD = Gauge(
    "feedback_build_info", "Always 1.", ("version", "python"), registry=registry, multiprocess_mode="mostrecent"
)
DATABASE_BYTES = Gauge(
    "feedback_database_bytes",
    "The size of an SQLite database with its write-ahead log; 0 for a database server.",
    registry=registry,
    multiprocess_mode="mostrecent",
)
POSTS = Counter("feedback_posts", "Forms sent to a wall, by outcome.", ("outcome",), registry=registry)
LISTENERS = Gauge("feedback_listeners", "Open streams.", registry=registry, multiprocess_mode="livesum")
CUT = Counter("feedback_listeners_cut", "Streams closed because the client read too slowly.", registry=registry)
TURNED_AWAY = Counter(
    "feedback_connections_turned_away",
    "Connections closed because there were too many: `all` when no file descriptor was left, "
    "`address` when one address had reached its limit.",
    ("limit",),
    registry=registry,
)
BROADCAST_VERSIONS = Counter(
    "feedback_broadcast_versions", "Versions of walls sent to listeners, by process.", registry=registry
)
BROADCAST_DELAY = Histogram(
    "feedback_broadcast_delay_seconds",
    "From a change in the database until this process had sent it to its listeners.",
    registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
DATABASE_ERRORS = Counter(
    "feedback_database_errors", "Times that a request or the broadcaster could not use the database.", registry=registry
)
LAG = Histogram(
    "feedback_event_loop_lag_seconds",
    "How late the event loop runs a timer that is due.",
    registry=registry,
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)


class HasCount(Protocol):
    """The part of the hub that `watch` reads: the number of listeners."""

    count: int


def count_requests(method: str, route: str, status: int, times: int = 1, outcome: str = "") -> None:
    """Count this many finished requests; `status` is 0 when there was no response.

    `outcome` names the result of a post; without it the status decides.
    """
    _requests(method, route, f"{status // 100}xx" if status else "none").inc(times)
    if route == POST_ROUTE and method == "POST":
        POSTS.labels("failed" if status >= 500 else outcome or OUTCOMES.get(status, "refused")).inc(times)


@functools.cache
def _requests(method: str, route: str, status: str) -> Counter:
    return REQUESTS.labels(method, route, status)


def observe_duration(route: str, seconds: float) -> None:
    """Record how long a request took; streams are left out."""
    if route not in STREAMS:
        _durations(route).observe(seconds)


@functools.cache
def _durations(route: str) -> Histogram:
    return DURATION.labels(route)


def broadcast_done(versions: int, changed_at: datetime | None) -> None:
    """Record a broadcast of this many versions; `changed_at` is the UTC time of the latest one."""
    BROADCAST_VERSIONS.inc(versions)
    if changed_at is not None:
        # Clocks of two machines may differ.
        BROADCAST_DELAY.observe(max(0.0, (datetime.now(UTC) - changed_at).total_seconds()))


async def watch(hub: HasCount) -> None:
    """Sample the number of listeners and the lag of the event loop until cancelled."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        LAG.observe(max(0.0, clock() - due))
        LISTENERS.set(hub.count)


def exposition(database: Path | None = None) -> bytes:
    """The metrics of this process, or of all workers of one server, in Prometheus' text format 0.0.4.

    `database` is the SQLite file, None for a database server.
    """
    BUILD.labels(__version__, platform.python_version()).set(1)
    files = [database, database.with_name(f"{database.name}-wal")] if database else []
    DATABASE_BYTES.set(sum(file.stat().st_size for file in files if file.exists()))
    if FOLDER not in os.environ:
        return generate_latest(registry)
    combined = CollectorRegistry()
    MultiProcessCollector(combined)  # type: ignore[no-untyped-call]
    return generate_latest(combined)


@contextmanager
def shared_folder() -> Iterator[str]:
    """For several workers: a private temporary folder for their metrics, named in the environment they inherit."""
    folder = tempfile.mkdtemp(prefix="feedback-metrics-")
    os.environ[FOLDER] = folder
    try:
        yield folder
    finally:
        os.environ.pop(FOLDER, None)
        shutil.rmtree(folder, ignore_errors=True)


def forget(pid: int) -> None:
    """Drop the gauges of a worker that has ended; its counters stay."""
    mark_process_dead(pid, os.environ[FOLDER])  # type: ignore[no-untyped-call]
