"""Pages of other sites, which embed a wall."""

from collections.abc import Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from playwright.async_api import Frame, Page

from .served_wall import Wall

HEIGHT = "document.querySelector('iframe').getBoundingClientRect().height"


class Publish(Protocol):
    def __call__(self, body: str, headers: Mapping[str, str] = {}) -> str:
        """Publish HTML with these headers; gives its address."""


class _Quiet(SimpleHTTPRequestHandler):
    def __init__(self, *given: Any, headers: Mapping[str, str], **others: Any) -> None:
        self._headers = headers
        super().__init__(*given, **others)

    def end_headers(self) -> None:
        for name, value in {**self._headers, "Cache-Control": "no-store"}.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Host:
    """Another site with one page, which each call of `publish` replaces."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "favicon.ico").touch()
        self._folder, self._headers = folder, dict[str, str]()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder, headers=self._headers))
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def publish(self, body: str, headers: Mapping[str, str] = {}) -> str:
        self._headers.clear()
        self._headers.update(headers)
        html = f"<!doctype html><title>Host</title><style>body{{margin:0}}</style><p>Above</p>{body}<p>Below</p>"
        (self._folder / "index.html").write_text(html)
        return f"http://host.test:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def frame_of(page: Page, wall: Wall) -> Frame:
    return next(each for each in page.frames if each.url.startswith(address(wall)))


def address(wall: Wall) -> str:
    """The wall under the name of another site than the host's. Over plain HTTP browsers send no Sec-Fetch-Site."""
    return wall.url.replace("127.0.0.1", "wall.test")
