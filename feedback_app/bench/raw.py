"""The raw writer: what news to very many costs when nothing is around it, no HTTP to speak of and no database.

`python -m feedback_app.bench.raw BYTES`: whoever says GET listens, and on a POST all of them get so many bytes.
"""

import asyncio
import sys
from typing import Any

import uvloop

from ..server.connections import listen

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: welcome\n\n"
DONE = b"HTTP/1.1 204 No Content\r\n\r\n"


class Writer(asyncio.Protocol):
    lines: set[Any]
    news: bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET"):
            self.lines.add(self.transport)
            self.transport.write(STREAM)
        elif data.startswith(b"POST"):
            for line in self.lines:
                line.write(self.news)
            self.transport.write(DONE)

    def connection_lost(self, _: Exception | None) -> None:
        self.lines.discard(self.transport)


async def serve(size: int) -> None:
    Writer.lines, Writer.news = set(), b"id: 1\ndata: ".ljust(size - 2, b"x") + b"\n\n"
    listening = listen("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(Writer, sock=listening, backlog=2048)
    print(listening.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
