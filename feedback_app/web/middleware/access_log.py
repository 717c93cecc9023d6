"""Access log and error log, as text or JSON lines, without personal data.

A request's line has no IP address, path, query or user agent. An unexpected error is logged by its type and location
only, since its message may quote what a visitor typed.
"""

import asyncio
import itertools
import json
import logging
import secrets
import sys
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quart import Quart, request
from sqlalchemy.exc import OperationalError

from ... import PACKAGE
from .. import metrics
from .asgi import App, ASGIMessage, Receive, Scope, Send, immediate_response
from .scope_keys import RECORD

# Health checks arrive every few seconds, so they are logged only when they fail.
UNEVENTFUL = {"health.alive", "health.ready", "metrics.show"}

# Makes request ids unique across the processes of a server.
PROCESS = secrets.token_hex(3)

logger = logging.getLogger(__name__)
_numbers = itertools.count(1)
_request: ContextVar[str] = ContextVar("request", default="")


def init_app(app: Quart) -> None:
    # Quart's own would log the path, which visitors can fill with text.
    app.log_exception = _fault  # type: ignore[method-assign, assignment]

    @app.before_request
    async def name_route() -> None:
        name(request.scope, request.endpoint or "none")


def _fault(*arguments: Any) -> None:
    """Quart 0.22 passes only the exception; 0.23 passes the context before it."""
    logger.error("A request failed.", exc_info=arguments[-1])


def name(scope: Any, route: str) -> None:
    """Set the route name of a request; the log has it instead of the path."""
    if RECORD in scope:
        scope[RECORD].route = route


def answered(scope: Any, status: int, size: int) -> None:
    """Set status and size in bytes, for a response that does not go through `send`."""
    if RECORD in scope:
        scope[RECORD].status, scope[RECORD].bytes = status, size


def decided(scope: Any, outcome: str) -> None:
    """Set the outcome of a post, for the metrics."""
    if RECORD in scope:
        scope[RECORD].outcome = outcome


@dataclass(slots=True)
class Record:
    """One request in the log; `status` is 0 when there was no response."""

    request: str
    method: str
    route: str = "none"
    status: int = 0
    milliseconds: float = 0
    bytes: int = 0
    outcome: str = ""

    @property
    def is_eventful(self) -> bool:
        return self.status >= 400 or self.route not in UNEVENTFUL

    def line(self, at: str) -> str:
        return (
            f"{at} {self.method} {self.route} {self.status} {self.milliseconds:.1f} ms {self.bytes} bytes "
            f"{self.request}\n"
        )

    def json_line(self, at: str) -> str:
        fields = {field: getattr(self, field) for field in self.__slots__ if field != "outcome"}
        fields["milliseconds"] = round(self.milliseconds, 1)
        return json.dumps({"at": at, "level": "info", **fields}) + "\n"


class AccessLogMiddleware:
    """The outermost middleware: counts and logs every request, also those that inner layers refuse.

    `form` is `text`, `json` or `off`, for the whole process.
    """

    form = "off"

    def __init__(self, app: App) -> None:
        self.app = app
        self._finished: list[Record] = []

    def answer_immediately(self, scope: Scope, put: Callable[[int, bytes], bool]) -> bool:
        """Send a response that needs no waiting; False when there is none, and the app must be called.

        `put(status, bytes)` writes to the connection, or returns False.
        """
        started = time.perf_counter()
        answer = immediate_response(self.app, scope)
        if answer is None or not put(answer.status, answer.framed):
            return False
        record = self._new_record(scope)
        record.route, record.status, record.bytes = answer.route, answer.status, answer.size
        self._finish(record, started)
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        record = scope[RECORD] = self._new_record(scope)
        _request.set(record.request)

        def count(message: ASGIMessage) -> Awaitable[None]:
            record.status = message.get("status", record.status)
            record.bytes += len(message.get("body", b""))
            return send(message)

        try:
            await self.app(scope, receive, count)
        finally:
            self._finish(record, started)
            metrics.observe_duration(record.route, record.milliseconds / 1000)
        return None

    def _new_record(self, scope: Scope) -> Record:
        method = scope["method"] if scope["method"] in metrics.METHODS else "other"
        return Record(f"{PROCESS}-{next(_numbers)}", method)

    def _finish(self, record: Record, started: float) -> None:
        record.milliseconds = (time.perf_counter() - started) * 1000
        if not self._finished:
            asyncio.get_running_loop().call_soon(self._flush)
        self._finished.append(record)

    def _flush(self) -> None:
        """Count and log all requests that finished in this iteration of the event loop.

        Not through `logging`: a line there takes longer than serving a cached page.
        """
        finished, self._finished = self._finished, []
        counts = Counter((each.method, each.route, each.status, each.outcome) for each in finished)
        for (method, route, status, outcome), times in counts.items():
            metrics.count_requests(method, route, status, times, outcome)
        if self.form != "off":
            at, line = _at(time.time()), Record.line if self.form == "text" else Record.json_line
            sys.stderr.write("".join(line(each, at) for each in finished if each.is_eventful))


def configure(form: str) -> None:
    """Log this process to standard error: as `text` or `json`; `off` leaves only warnings and errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines() if form == "json" else Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # Our own INFO lines are few, such as the end of an outage.
    logging.getLogger(PACKAGE.name).setLevel(logging.INFO)
    AccessLogMiddleware.form = form


def startup_line(sentence: str) -> str:
    """A line of output at startup, in the format of the log."""
    if AccessLogMiddleware.form != "json":
        return sentence
    return JSONLines().format(logging.makeLogRecord({"msg": sentence, "levelname": "INFO", "name": PACKAGE.name}))


class Lines(logging.Formatter):
    """Log lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        during = f" (request {_request.get()})" if _request.get() else ""
        return f"{_at(record.created)} {record.levelname.lower()} {_message(record)}{during}"


class JSONLines(logging.Formatter):
    """Log lines as JSON, with the keys `at`, `level`, `message`, `room` (the logger) and `request` (its id)."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "at": _at(record.created),
                "level": record.levelname.lower(),
                "message": _message(record),
                "logger": record.name,
                "request": _request.get(),
            }
        )


def _at(seconds: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds % 1 * 1000):03d}Z"


def _message(record: logging.LogRecord) -> str:
    """One line. Further lines of a library's message are dropped, since they may quote data."""
    error = record.exc_info[1] if record.exc_info else None
    first = (record.getMessage().splitlines() or [""])[0]
    return plain(f"{first} {described(error)}" if error else first)


def plain(text: str) -> str:
    """The text with control and other unprintable characters escaped as `\\uXXXX`."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def described(error: BaseException) -> str:
    """An error in one line: its type, its message if that cannot quote a visitor, its cause, and our stack frames."""
    parts = [_named(error)]
    cause = getattr(error, "orig", None) or error.__cause__
    if cause is not None:
        parts.append(f"from {_named(cause)}")
    frames = traceback.extract_tb(error.__traceback__)
    if frames:
        ours = [frame for frame in frames if PACKAGE in Path(frame.filename).parents]
        places = [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in (*ours[-4:], frames[-1])]
        parts.append("at " + " > ".join(dict.fromkeys(places)))
    return " ".join(parts)


def _named(error: BaseException) -> str:
    message = ""
    if isinstance(error, OperationalError):
        message = str(error.orig)
    elif isinstance(error, OSError):
        message = error.strerror or str(error)
    return f"{type(error).__name__}: {' '.join(message.split())}" if message else type(error).__name__
