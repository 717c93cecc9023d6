"""The log: one line for each request and for each thing that went wrong, and nothing in it about a person.

No address, query, path or user agent of a request is written down, and no message of an unexpected error, which might
quote what somebody typed: only its name and where in the program it came up.
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
from .asgi import App, ASGIMessage, Receive, Scope, Send, at_once
from .scope_keys import RECORD

# What supervisors ask every few seconds is worth a line only when it goes wrong.
UNEVENTFUL = {"health.alive", "health.ready", "metrics.show"}

# Names requests across the processes of a server.
PROCESS = secrets.token_hex(3)

logger = logging.getLogger(__name__)
_numbers = itertools.count(1)
_request: ContextVar[str] = ContextVar("request", default="")


def init_app(app: Quart) -> None:
    # Quart's own would write the path down, which visitors can fill with words.
    app.log_exception = _fault  # type: ignore[method-assign, assignment]

    @app.before_request
    async def name_route() -> None:
        name(request.scope, request.endpoint or "none")


def _fault(*arguments: Any) -> None:
    """Quart 0.22 passes the exception alone, and 0.23 its context before it."""
    logger.error("A request failed.", exc_info=arguments[-1])


def name(scope: Any, route: str) -> None:
    """Say which route a request takes; it stands for the path, which visitors can fill with words."""
    if RECORD in scope:
        scope[RECORD].route = route


def answered(scope: Any, status: int, size: int) -> None:
    """Say what a request was answered by whoever does not use `send`."""
    if RECORD in scope:
        scope[RECORD].status, scope[RECORD].bytes = status, size


def decided(scope: Any, outcome: str) -> None:
    """Say what became of a post, for the metrics."""
    if RECORD in scope:
        scope[RECORD].outcome = outcome


@dataclass(slots=True)
class Record:
    """What is known of one request when it has ended; `status` is 0 when it got no answer."""

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
    """The outermost layer: counts and writes down every request, also those that the layers below it refuse."""

    form = "off"

    def __init__(self, app: App) -> None:
        self.app = app
        self._lately: list[Record] = []

    def answer_at_once(self, scope: Scope, put: Callable[[int, bytes], bool]) -> bool:
        """Have an answer put on the line, where one is ready and `put` takes it; else the request is to be called."""
        began = time.perf_counter()
        answer = at_once(self.app, scope)
        if answer is None or not put(answer.status, answer.framed):
            return False
        record = self._begun(scope)
        record.route, record.status, record.bytes = answer.route, answer.status, answer.size
        self._ended(record, began)
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began = time.perf_counter()
        record = scope[RECORD] = self._begun(scope)
        _request.set(record.request)

        def count(message: ASGIMessage) -> Awaitable[None]:
            record.status = message.get("status", record.status)
            record.bytes += len(message.get("body", b""))
            return send(message)

        try:
            await self.app(scope, receive, count)
        finally:
            self._ended(record, began)
        return None

    def _begun(self, scope: Scope) -> Record:
        method = scope["method"] if scope["method"] in metrics.METHODS else "other"
        return Record(f"{PROCESS}-{next(_numbers)}", method)

    def _ended(self, record: Record, began: float) -> None:
        record.milliseconds = (time.perf_counter() - began) * 1000
        if not self._lately:
            asyncio.get_running_loop().call_soon(self._settle)
        self._lately.append(record)

    def _settle(self) -> None:
        """Count and write down all that ended in this turn of the loop.

        Not through `logging`, which takes longer over a line than the server over a page that is ready.
        """
        lately, self._lately = self._lately, []
        ended = Counter((each.method, each.route, each.status, each.outcome) for each in lately)
        for (method, route, status, outcome), times in ended.items():
            metrics.answered(method, route, status, times, outcome)
        for each in lately:
            metrics.took(each.route, each.milliseconds / 1000)
        if self.form != "off":
            at, line = _at(time.time()), Record.line if self.form == "text" else Record.json_line
            sys.stderr.write("".join(line(each, at) for each in lately if each.is_eventful))


def begin(form: str) -> None:
    """Write the log of this process to standard error: `text` or `json`, or with `off` only what goes wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines() if form == "json" else Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # Ours says little that is no fault, such as that one is over.
    logging.getLogger(PACKAGE.name).setLevel(logging.INFO)
    AccessLogMiddleware.form = form


def said(sentence: str) -> str:
    """What the server says when it begins, as a line in the form of its log."""
    if AccessLogMiddleware.form != "json":
        return sentence
    return JSONLines().format(logging.makeLogRecord({"msg": sentence, "levelname": "INFO", "name": PACKAGE.name}))


class Lines(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        during = f" (request {_request.get()})" if _request.get() else ""
        return f"{_at(record.created)} {record.levelname.lower()} {_message(record)}{during}"


class JSONLines(logging.Formatter):
    """A line for programs."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "at": _at(record.created),
                "level": record.levelname.lower(),
                "message": _message(record),
                "room": record.name,
                "request": _request.get(),
            }
        )


def _at(seconds: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds % 1 * 1000):03d}Z"


def _message(record: logging.LogRecord) -> str:
    """One line. Of other programs' messages the first one: what follows it may quote the data at hand."""
    error = record.exc_info[1] if record.exc_info else None
    first = (record.getMessage().splitlines() or [""])[0]
    return plain(f"{first} {described(error)}" if error else first)


def plain(text: str) -> str:
    """The text with what a terminal would obey, or nobody would see, written as its number."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def described(error: BaseException) -> str:
    """An error in one line: its name, its message where that cannot quote anybody, and its way through our program."""
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
