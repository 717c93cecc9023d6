"""Uvicorn's HTTP protocol with limits for slow and large heads, direct answers, and a graceful stop."""

import asyncio
import itertools
from typing import Any, ClassVar, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from ..web.middleware.access_log import AccessLogMiddleware
from ..web.middleware.asgi import Scope
from ..web.middleware.scope_keys import DISCONNECT, TRANSPORT, WRITE_RESPONSE
from .connections import MALFORMED, Connections

HEAD_SECONDS = 10
HEAD_BYTES = 64 * 1024
# Framing bytes that are allowed per byte of body. A chunk of one byte has five.
FRAMING = 10
# How long an idle connection stays open at shutdown, for a request that is on its way.
LINGER_SECONDS = 0.5


class Protocol(HttpToolsProtocol):
    """Limits the time and size of a request's head, which uvicorn does not.

    Its ASGI extensions give the app the transport (for streams), a function that disconnects slow readers, and one
    that writes a whole answer. At shutdown it answers requests that are on their way.
    """

    _bytes = 0
    # Bytes of the last segment, and of the one in which this message began.
    _segment_bytes = _first_segment_bytes = 0
    _body_bytes = 0
    _is_last = False
    _is_in_head = False
    # Whether further input is read and discarded, so that the client's disconnection is noticed.
    _discards_input = False
    _head_timer: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    _headers: ClassVar[list[tuple[bytes, bytes]]] = []
    _framed: ClassVar[bytes] = b""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections
        self._is_admitted = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection, or abort it."""
        super().connection_made(transport)
        self._extensions = {TRANSPORT: transport, WRITE_RESPONSE: self.answer, DISCONNECT: self.disconnect}
        self._log: AccessLogMiddleware = self.config.app.asgi_app  # type: ignore[union-attr]
        self._is_admitted = self._connections.admit(self.client)
        if self._is_admitted:
            self._await_head()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the request that is being answered; uvicorn notifies only the last one received."""
        if self._is_admitted:
            self._connections.release(self.client)
        self._stop_timer()
        self._unset_keepalive_if_required()
        self._wake_request()
        super().connection_lost(exc)
        # Break reference cycles, to free the memory without the garbage collector.
        self.pipeline.clear()
        self._extensions.clear()
        self.cycle = self.scope = self.headers = None  # type: ignore[assignment]
        self._answering = None

    def disconnect(self) -> None:
        """Abort the connection, and wake the request that waits to read or write."""
        self._wake_request()
        self.flow.resume_writing()
        self.transport.abort()

    def _wake_request(self) -> None:
        cycle = self._answering
        if cycle is not None:
            cycle.disconnected = cycle.disconnected or not cycle.response_complete
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Parse the data, and abort a connection whose head is too large."""
        if self._discards_input or self._is_last_answer_on_its_way:
            return
        self._unset_keepalive_if_required()
        self._segment_bytes = len(data)
        self._bytes += self._segment_bytes
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._decline_upgrade()
        except httptools.HttpParserError:
            self._refuse()
        # An empty line begins no request, and uvicorn would wait for one for ever.
        is_idle = self._is_idle and self.timeout_keep_alive_task is None
        if (self._is_in_head or is_idle) and self._head_timer is None:
            self._await_head()
        # What is not body is head, trailers or framing.
        if self._bytes - FRAMING * self._body_bytes > HEAD_BYTES:
            self.transport.abort()

    @property
    def _is_idle(self) -> bool:
        return self._answering is None or (self._answering.response_complete and not self.pipeline)

    @property
    def _is_last_answer_on_its_way(self) -> bool:
        """Input after an answer that closes the connection is not read (RFC 9112, section 9.6)."""
        cycle = self._answering
        return cycle is not None and cycle.response_started and not cycle.keep_alive and not cycle.more_body

    def _decline_upgrade(self) -> None:
        """Ignore the upgrade, answer, and close: the parser cannot continue with HTTP."""
        self._discards_input = True
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _refuse(self) -> None:
        """Answer malformed input with 400, after the answer to an earlier request."""
        MALFORMED.warning("A malformed request was refused.")
        cycle, self._discards_input = self._answering, True
        if cycle is None or cycle.response_complete or (cycle.more_body and not cycle.response_started):
            self.send_400_response("Invalid HTTP request received.")
        elif cycle.more_body:
            self.transport.close()
        else:
            self.pipeline.clear()
            cycle.keep_alive = False

    def on_message_begin(self) -> None:
        """Start to count the bytes of a head."""
        super().on_message_begin()
        self._bytes = self._body_bytes = 0
        self._first_segment_bytes = self._segment_bytes
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        """Raises ValueError for a head that is too large; the parser turns it into an error of its own."""
        self._is_in_head = False
        self._stop_timer()
        # The segments may include bytes before the head, so a large total is measured again.
        if self._first_segment_bytes + self._bytes > HEAD_BYTES and self._head_bytes() > HEAD_BYTES:
            raise ValueError("The head of the request is too large.")
        super().on_headers_complete()
        if self._is_last:
            super().shutdown()

    def _head_bytes(self) -> int:
        return sum(map(len, itertools.chain.from_iterable(self.headers)), len(self.url)) + 4 * len(self.headers)

    def shutdown(self) -> None:
        """Close after the next answer or LINGER_SECONDS. Uvicorn closes immediately, which loses requests."""
        self._is_last = True
        self.loop.call_later(LINGER_SECONDS if self._is_idle else 0, super().shutdown)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # Pipelined requests are answered one after the other.
        self._answering = cycle
        cycle.scope["extensions"] = self._extensions  # type: ignore[typeddict-item]
        if cycle.scope["method"] == "GET":
            # In the loop's next turn, so that one check of the versions serves all requests of this turn.
            self.loop.call_soon(self._answer_at_once, cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _answer_at_once(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Start a task for the request only if no cached answer is ready."""
        if cycle.disconnected:
            return
        is_answered = False
        try:
            is_answered = self._log.answer_immediately(cast("Scope", cycle.scope), self.answer)
        finally:  # The loop logs an exception, and the request is answered in the usual way.
            if not is_answered:
                super()._start_asgi_task(cycle, app)

    def answer(self, status: int, framed: bytes) -> bool:
        """Write a whole answer, headers and body in one piece; False if only ASGI's `send` can do it."""
        cycle = self._answering
        if cycle is None or self.flow.write_paused or not cycle.keep_alive:
            return False
        if cycle.disconnected or cycle.response_started:
            return False
        self.transport.write(STATUS_LINE[status] + self._own_headers() + framed)
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()
        return True

    def _own_headers(self) -> bytes:
        """Uvicorn's default headers as bytes. It makes a new list each second, for the date."""
        cls, headers = type(self), self.server_state.default_headers
        if cls._headers is not headers:
            cls._headers, cls._framed = headers, b"".join(b"%b: %b\r\n" % header for header in headers)
        return cls._framed

    def on_body(self, body: bytes) -> None:
        """Count the body, to tell it from head and framing."""
        self._body_bytes += len(body)
        super().on_body(body)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
