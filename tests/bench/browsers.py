"""One interface to three browsers: Chromium by Playwright, Firefox by WebDriver
BiDi (https://w3c.github.io/webdriver-bidi/), WebKitGTK by WebDriver (https://www.w3.org/TR/webdriver2/).
"""

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import httpx
from playwright.sync_api import Error, sync_playwright
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, Request, TextMessage

from ..browser.conftest import CHROMIUM

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
WEBKIT = shutil.which("WebKitWebDriver")
IFRAME = (
    "(() => { const all = root => [...root.querySelectorAll('*')].flatMap(each => [each, ...all(each.shadowRoot ?? "
    "document.createElement('p'))]); return all(document).find(each => each.localName === 'iframe') ?? null; })()"
)


class Browser(Protocol):
    def open(self, page: str) -> None: ...

    def look(self, script: str) -> Any:
        """The value of an expression in the first frame of a wall, or None without one."""

    @property
    def console(self) -> list[str] | None:
        """The console's messages since the page was opened; None if the driver does not report them."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def chromium() -> Iterator["Browser"]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--test-third-party-cookie-phaseout"]
        )
        yield _Chromium(started.new_page(viewport={"width": 900, "height": 800}))
        started.close()


class _Chromium:
    def __init__(self, page: Any) -> None:
        self._page, self.console = page, list[str]()
        page.on("console", lambda message: self.console.append(message.text))

    def open(self, page: str) -> None:
        self._page.goto("about:blank")
        self.console.clear()
        self._page.goto(page)

    def look(self, script: str) -> Any:
        self._page.wait_for_timeout(1)  # Lets Playwright process events of frames.
        frame = next((each for each in self._page.frames[1:] if "/walls/" in each.url), None)
        with suppress(Error):
            return frame.evaluate(script) if frame else None


@contextmanager
def firefox() -> Iterator["Browser"]:
    port = free_port()
    with tempfile.TemporaryDirectory() as profile:
        command = [str(FIREFOX), "--headless", "--no-remote", "--profile", profile, f"--remote-debugging-port={port}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield _Firefox(port)
        finally:
            process.terminate()
            process.wait(20)


class _Firefox:
    def __init__(self, port: int) -> None:
        self._line = _dial(port)
        self._socket = WSConnection(ConnectionType.CLIENT)
        self._line.sendall(self._socket.send(Request(host=f"127.0.0.1:{port}", target="/session")))
        self._number, self._partial, self.console = 0, "", list[str]()
        while not any(isinstance(event, AcceptConnection) for event in self._events()):
            pass
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, page: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url="about:blank", wait="complete")
        self.console.clear()
        self._ask("browsingContext.navigate", context=self._context, url=page, wait="interactive")

    def look(self, script: str) -> Any:
        (tree,) = self._ask("browsingContext.getTree", root=self._context)["contexts"]
        frame = next((each["context"] for each in tree["children"] if "/walls/" in each["url"]), None)
        if frame is None:
            return None
        asked = {"expression": f"JSON.stringify({script})", "target": {"context": frame}, "awaitPromise": False}
        given = self._ask("script.evaluate", **asked)
        return json.loads(given["result"]["value"]) if given.get("type") == "success" else None

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        asked = json.dumps({"id": self._number, "method": method, "params": parameters})
        self._line.sendall(self._socket.send(Message(data=asked)))
        while True:
            for event in self._events():
                if not isinstance(event, TextMessage):
                    continue
                self._partial += event.data
                if not event.message_finished:
                    continue
                heard, self._partial = json.loads(self._partial), ""
                if heard.get("method") == "log.entryAdded":
                    self.console.append(str(heard["params"]["text"]))
                if heard.get("id") == self._number:
                    return heard.get("result", {})

    def _events(self) -> Iterator[Any]:
        self._socket.receive_data(self._line.recv(65536))
        yield from list(self._socket.events())


def _dial(port: int) -> socket.socket:
    for _ in range(200):
        with suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        time.sleep(0.1)
    raise TimeoutError("Firefox does not listen.")


@contextmanager
def webkit() -> Iterator["Browser"]:
    port = free_port()
    process = subprocess.Popen(
        ["xvfb-run", "-a", str(WEBKIT), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _dial(port).close()
    driver = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
    session = driver.post("/session", json={"capabilities": {}}).json()["value"]["sessionId"]
    try:
        yield _WebKit(driver, f"/session/{session}")
    finally:
        driver.delete(f"/session/{session}")
        process.terminate()
        process.wait(20)


class _WebKit:
    # Its driver does not report the console.
    console = None

    def __init__(self, driver: httpx.Client, session: str) -> None:
        self._driver, self._session = driver, session

    def open(self, page: str) -> None:
        self._ask("url", url=page)

    def look(self, script: str) -> Any:
        self._ask("frame", id=None)
        frame = self._ask("execute/sync", script=f"return {IFRAME}", args=[])
        if frame is None:
            return None
        self._ask("frame", id=frame)
        seen = self._ask("execute/sync", script=f"return {script}", args=[])
        return seen if "error" not in seen else None

    def _ask(self, what: str, **values: Any) -> Any:
        return self._driver.post(f"{self._session}/{what}", json=values).json()["value"]


BROWSERS = {"Chromium": (CHROMIUM, chromium), "Firefox": (FIREFOX, firefox), "WebKitGTK": (WEBKIT, webkit)}
