"""Reference for pages: the smallest ASGI application on the same server, which answers with the bytes of our page.

`python -m feedback_app.bench.asgi_baseline FILE`, where FILE has a line of JSON with the headers, then the body.
"""

import json
import sys
from pathlib import Path

import uvicorn

from ..server.connections import listen
from ..web.middleware.asgi import ASGIMessage, Receive, Scope, Send

END: ASGIMessage = {"type": "http.response.body", "body": b""}


def bare(file: Path) -> uvicorn.Config:
    """The application that answers with the file."""
    first, _, body = file.read_bytes().partition(b"\n")
    headers = [(name.encode(), value.encode()) for name, value in json.loads(first)]
    start: ASGIMessage = {"type": "http.response.start", "status": 200, "headers": headers}
    unchanged: ASGIMessage = {
        "type": "http.response.start",
        "status": 304,
        "headers": [header for header in headers if header[0] not in (b"content-length", b"content-type")],
    }
    page: ASGIMessage = {"type": "http.response.body", "body": body}

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if any(name == b"if-none-match" for name, _ in scope["headers"]):
            await send(unchanged)
            await send(END)
        else:
            await send(start)
            await send(page)

    return uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    listening = listen("127.0.0.1", 0)
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(bare(Path(sys.argv[1]))).run(sockets=[listening])
