"""Reference for broadcasts: a socket writer without HTTP parsing and database.

`python -m feedback_app.bench.socket_baseline BYTES`: a GET opens a stream, and a POST sends BYTES to all streams.
"""

import asyncio
import sys
from typing import Any

import uvloop

from ..server.connections import listen

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: welcome\n\n"
DONE = b"HTTP/1.1 204 No Content\r\n\r\n"


class Writer(asyncio.Protocol):
    """A connection: a stream, or one that posts."""

    streams: set[Any]
    event: bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET"):
            self.streams.add(self.transport)
            self.transport.write(STREAM)
        elif data.startswith(b"POST"):
            for stream in self.streams:
                stream.write(self.event)
            self.transport.write(DONE)

    def connection_lost(self, _: Exception | None) -> None:
        self.streams.discard(self.transport)


async def serve(size: int) -> None:
    """Serve on a free port, which is printed; events have `size` bytes."""
    Writer.streams, Writer.event = set(), b"id: 1\ndata: ".ljust(size - 2, b"x") + b"\n\n"
    listening = listen("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(Writer, sock=listening, backlog=2048)
    print(listening.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
