"""The server: uvicorn, made patient with readers and impatient with those who dribble, and able to stop."""

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
# So many more objects made than let go of start the collector; so many of its rounds the one that looks further back.
COLLECT_AFTER = (20_000, 20, 50)


class WallServer(Server):
    """Ends every stream first when it is told to stop, since uvicorn would wait for them for ever."""

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
        share = 0 if settings.trusted_proxies else settings.streams_per_address + BESIDE_STREAMS
        super().__init__(
            Config(
                app,
                # Uvicorn calls it with what it calls the class with.
                http=cast("type[asyncio.Protocol]", partial(Protocol, connections=Connections(share))),
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
        await super().startup(sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)
        if self.force_exit:  # Uvicorn leaves the app's own end out then, and would complain of it.
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets requests finish; SIGINT after that does not."""
        super().handle_exit(sig, frame)
        # Being told to stop is no failure: the signal is not raised again when everything has ended well.
        self._captured_signals.clear()


def run(
    app: Quart,
    listening: socket.socket,
    on_start: Callable[[], None],
    *,
    each_second: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT; `each_second` is called as long as requests are being answered."""
    allow_many()

    def started() -> None:
        _spare_the_collector()
        on_start()

    WallServer(app, on_start=started, each_second=each_second).run(sockets=[listening])


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what stays for ever, and come by less often.

    It would look at some hundred thousand objects of the libraries again and again, since every request makes new ones.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
