"""Runs uvicorn with our protocol, settings and graceful shutdown."""

import asyncio
import gc
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import cast

from quart import Quart
from uvicorn import Config, Server

from ..web.state import state_of
from .connections import BESIDE_STREAMS, Connections, allow_many
from .protocol import Protocol

STOP_SECONDS = 8
# Thresholds for `gc.set_threshold`: allocations minus deallocations that trigger generation 0, then rounds per
# older generation.
GC_THRESHOLDS = (20_000, 20, 50)


class WallServer(Server):
    """Ends all streams when it stops, since uvicorn would wait for them for ever."""

    def __init__(
        self,
        app: Quart,
        *,
        on_start: Callable[[], None] = lambda: None,
        each_second: Callable[[], None] = lambda: None,
    ) -> None:
        async def notify() -> None:
            each_second()

        settings = state_of(app).settings
        most_per_address = 0 if settings.trusted_proxies else settings.streams_per_address + BESIDE_STREAMS
        super().__init__(
            Config(
                app,
                # Uvicorn calls it like the class.
                http=cast("type[asyncio.Protocol]", partial(Protocol, connections=Connections(most_per_address))),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
                callback_notify=notify,
                timeout_notify=1,
            )
        )
        self._hub = state_of(app).hub
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_start`."""
        await super().startup(sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then stop."""
        self._hub.close()
        await super().shutdown(sockets)
        if self.force_exit:  # Uvicorn skips the app's shutdown then, and logs an error.
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets requests finish; a SIGINT after it does not."""
        super().handle_exit(sig, frame)
        # Uvicorn would raise the signal again at the end, for another exit code than 0.
        self._captured_signals.clear()


def run(
    app: Quart,
    listening: socket.socket,
    on_start: Callable[[], None],
    *,
    each_second: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT; `each_second` is called as long as the event loop runs."""
    allow_many()

    def started() -> None:
        _tune_garbage_collector()
        on_start()

    WallServer(app, on_start=started, each_second=each_second).run(sockets=[listening])


def _tune_garbage_collector() -> None:
    """Exclude the permanent objects from garbage collection, and collect less often.

    Otherwise collections that requests trigger would traverse some hundred thousand objects of libraries.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
