"""The server: uvicorn, made patient with readers and impatient with those who dribble, and able to stop."""

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
FRAMING = 10
# How long a connection stays open for what may be on its way to us when we are told to stop.
LINGER_SECONDS = 0.5


class Protocol(HttpToolsProtocol):
    """Uvicorn waits for ever for the head of a request, and takes one of any size; this one does not.

    It also hands the app the line itself, for pieces of a stream that are framed already and for cutting readers who
    are too slow, and a way to put a whole answer on it. When it is told to stop it answers what is on its way.
    """

    _bytes = 0
    # The size of the last piece that arrived, and of the one in which this message began.
    _piece_bytes = _begun_bytes = 0
    _body_bytes = 0
    _is_last = False
    _is_in_head = False
    # Whether what still arrives is read and thrown away, so that its sender's end of the connection is heard of.
    _is_deaf = False
    _head_timer: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    _headers: ClassVar[list[tuple[bytes, bytes]]] = []
    _framed: ClassVar[bytes] = b""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._counted = connections
        self._is_admitted = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._extensions = {TRANSPORT: transport, WRITE_RESPONSE: self.answer, DISCONNECT: self.disconnect}
        self._log: AccessLogMiddleware = self.config.app.asgi_app  # type: ignore[union-attr]
        self._is_admitted = self._counted.admit(self.client)
        if self._is_admitted:
            self._await_head()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered, too; uvicorn tells only the one that came last."""
        if self._is_admitted:
            self._counted.release(self.client)
        self._stop_timer()
        self._unset_keepalive_if_required()
        self._wake()
        super().connection_lost(exc)
        # No circle is left, so that the memory is free without the garbage collector.
        self.pipeline.clear()
        self._extensions.clear()
        self.cycle = self.scope = self.headers = None  # type: ignore[assignment]
        self._answering = None

    def disconnect(self) -> None:
        """Cut the connection; whoever waits on it, to read or to write, is woken."""
        self._wake()
        self.flow.resume_writing()
        self.transport.abort()

    def _wake(self) -> None:
        cycle = self._answering
        if cycle is not None:
            cycle.disconnected = cycle.disconnected or not cycle.response_complete
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        if self._is_deaf or self._is_last_answer_on_its_way:
            return
        self._unset_keepalive_if_required()
        self._piece_bytes = len(data)
        self._bytes += self._piece_bytes
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._decline_upgrade()
        except httptools.HttpParserError:
            self._refuse()
        # An empty line, for one, is no beginning of a request: uvicorn would wait for ever for what follows it.
        is_idle = self._is_idle and self.timeout_keep_alive_task is None
        if (self._is_in_head or is_idle) and self._head_timer is None:
            self._await_head()
        # What is not body is head, trailers (a head after the body) or framing: five bytes for a chunk of one.
        if self._bytes - FRAMING * self._body_bytes > HEAD_BYTES:
            self.transport.abort()

    @property
    def _is_idle(self) -> bool:
        return self._answering is None or (self._answering.response_complete and not self.pipeline)

    @property
    def _is_last_answer_on_its_way(self) -> bool:
        """RFC 9112, section 9.6: what comes behind a request whose answer closes the connection is not read."""
        cycle = self._answering
        return cycle is not None and cycle.response_started and not cycle.keep_alive and not cycle.more_body

    def _decline_upgrade(self) -> None:
        """Answer as if there were no such header, and close: the parser takes what follows for the other protocol."""
        self._is_deaf = True
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _refuse(self) -> None:
        """Refuse what is no HTTP, after the answer to what came before it."""
        MALFORMED.warning("A request that is not well formed was refused.")
        cycle, self._is_deaf = self._answering, True
        if cycle is None or cycle.response_complete or (cycle.more_body and not cycle.response_started):
            self.send_400_response("Invalid HTTP request received.")
        elif cycle.more_body:
            self.transport.close()
        else:
            self.pipeline.clear()
            cycle.keep_alive = False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._bytes = self._body_bytes = 0
        self._begun_bytes = self._piece_bytes
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._stop_timer()
        # Most of a head may have come in one piece, together with what was before it. Few pieces are so large.
        if self._begun_bytes + self._bytes > HEAD_BYTES and self._head_bytes() > HEAD_BYTES:
            raise ValueError("The head of the request is too large.")
        super().on_headers_complete()
        if self._is_last:
            super().shutdown()

    def _head_bytes(self) -> int:
        return sum(map(len, itertools.chain.from_iterable(self.headers)), len(self.url)) + 4 * len(self.headers)

    def shutdown(self) -> None:
        """Close after the next answer, or soon. Uvicorn closes at once, also on whoever has just sent something."""
        self._is_last = True
        self.loop.call_later(LINGER_SECONDS if self._is_idle else 0, super().shutdown)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # One request of a connection is answered after the other, also when they arrive together.
        self._answering = cycle
        cycle.scope["extensions"] = self._extensions  # type: ignore[typeddict-item]
        if cycle.scope["method"] == "GET":
            # In its turn and not here, so that one proof that pages are fresh serves all that came at this moment.
            self.loop.call_soon(self._answer_at_once, cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _answer_at_once(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Make a task of a request only if its answer is not ready."""
        if cycle.disconnected:
            return
        is_answered = False
        try:
            is_answered = self._log.answer_immediately(cast("Scope", cycle.scope), self.answer)
        finally:  # What fails here is told by the loop; whoever asked gets their answer in the usual way.
            if not is_answered:
                super()._start_asgi_task(cycle, app)

    def answer(self, status: int, framed: bytes) -> bool:
        """Put a whole answer on the line, headers and body in one; False where `send` has more to do than that."""
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
        """What uvicorn says in every answer, the date, as a list that is a new one each second."""
        cls, headers = type(self), self.server_state.default_headers
        if cls._headers is not headers:
            cls._headers, cls._framed = headers, b"".join(b"%b: %b\r\n" % header for header in headers)
        return cls._framed

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
