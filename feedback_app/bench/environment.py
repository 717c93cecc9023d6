"""The ground of a measurement: a temporary installation, and the processes that run on it."""

import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from ..config import PREFIX, ConfigurationError

TEXT = "The part about undoing mistakes was worth the trip on its own."
SPARE_DESCRIPTORS = 200
STOP_SECONDS = 15
LINKS = re.compile(r'live\?after=(\d+)|name="stamp" value="([^"]+)"')


class Page(NamedTuple):
    """An uncompressed page of the wall."""

    headers: list[tuple[str, str]]
    body: bytes
    seconds: float

    @property
    def tag(self) -> str:
        return dict(self.headers)["etag"]

    def version_and_stamp(self) -> tuple[str, str]:
        """The wall's version, and the form's token (the field `stamp`)."""
        found = LINKS.findall(self.body.decode())
        return next(version for version, _ in found if version), next(stamp for _, stamp in found if stamp)


class Running:
    """A process of a measurement, which prints a line when it is ready."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str], log: Path) -> None:
        self.began = time.perf_counter()
        with log.open("ab") as errors:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs.
                [sys.executable, "-m", module, *arguments],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.log = log

    def read_line(self) -> str:
        """The next line of output. Raises ConfigurationError if the process has ended."""
        assert self.process.stdout is not None  # noqa: S101 - for the type checker.
        line = self.process.stdout.readline()
        if not line:
            words = self.log.read_text(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
            raise ConfigurationError(f"A process of the measurement ended: {words[0]}")
        return line.strip()

    def write_line(self, line: str) -> None:
        """Give it a line of input."""
        assert self.process.stdin is not None  # noqa: S101 - for the type checker.
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """Terminate it, or kill it after STOP_SECONDS."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def memory(self) -> int | None:
        """Its resident memory in bytes, if the system reports it."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return None
        return 1024 * int(status.split("VmRSS:")[1].split()[0])


class Server(Running):
    """A process that answers on a port."""

    @property
    def port(self) -> int:
        if not hasattr(self, "_port"):
            self._port = int(re.findall(r"\d+", self.read_line().partition("/walls/")[0])[-1])
        return self._port

    def page(self) -> Page:
        """The wall's page, and the seconds since the start of the process. Raises ConfigurationError without one."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as line:
            line.sendall(b"GET /walls/main HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % self.port)
            answer = b""
            while more := line.recv(2**18):
                answer += more
        head, _, body = answer.partition(b"\r\n\r\n")
        seconds = time.perf_counter() - self.began
        first, *lines = head.decode("latin-1").split("\r\n")
        if first.split()[1] != "200":
            raise ConfigurationError(f"The wall of the measurement answered {first!r} instead of its page.")
        headers = [(name, value) for name, _, value in (each.partition(": ") for each in lines)]
        return Page([each for each in headers if each[0] not in ("date", "connection")], body, seconds)

    def post(self) -> str:
        """The request of a post, with placeholders `{key}` and `{address}`."""
        _, stamp = self.page().version_and_stamp()
        fields = {"name": "Ann", "text": TEXT, "website": "", "stamp": stamp}
        body = f"{urlencode(fields)}&key={{key}}"
        return (
            f"POST /walls/main/feedback HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nSec-Fetch-Site: same-origin\r\n"
            f"HX-Request: true\r\nX-Forwarded-For: {{address}}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body.replace('{key}', '0' * 32))}\r\n\r\n{body}"
        )


class Audience(Running):
    """Listeners of a port, in one process."""

    listeners: int

    def measure(self, port: int, post: str, rounds: int) -> dict[str, Any]:
        """Post `rounds` times to a port; gives `took` (quantiles), `size` (bytes), `heard` and `lost` (counts).

        Raises ConfigurationError if a delivery is missing.
        """
        self.write_line(json.dumps({"to": port, "post": post, "rounds": rounds}))
        answer: dict[str, Any] = json.loads(self.read_line())
        if answer["heard"] != self.listeners * rounds:
            raise ConfigurationError(
                f"Of {self.listeners * rounds:,} deliveries to {self.listeners:,} listeners {answer['heard']:,} were "
                f"seen in time, and {answer['lost']:,} listeners were lost. "
                "Measure fewer with --listeners, or on a quieter machine."
            )
        return answer


Process = TypeVar("Process", bound=Running)


class Ground:
    """Runs processes without the user's settings, until `close`."""

    def __init__(self, folder: Path, most_listeners: int) -> None:
        self.folder, self.running = folder, list[Running]()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self.environment = {
            **inherited,
            f"{PREFIX}DATA": str(folder / "data"),
            f"{PREFIX}STREAMS": str(most_listeners + 10),
            f"{PREFIX}STREAMS_PER_ADDRESS": str(most_listeners + 10),
        }

    def serve(self, **settings: str) -> Server:
        """Start our server; `settings` are without the prefix."""
        more = {f"{PREFIX}{name}": value for name, value in settings.items()}
        return self._start(Server, "feedback_app", "serve", "--port", "0", **more)

    def trust_forwarded_addresses(self) -> None:
        """Let each later post have an address of its own, so that the rate limits look up all of them."""
        self.environment[f"{PREFIX}TRUSTED_PROXIES"] = "1"

    def forgetful(self) -> Server:
        """Start our server without storing."""
        return self._server("feedback_app.bench.no_storage_server")

    def bare(self, page: Page) -> Server:
        """Start an ASGI application that answers with this page."""
        file = self.folder / "page"
        file.write_bytes(json.dumps(page.headers).encode() + b"\n" + page.body)
        return self._server("feedback_app.bench.asgi_baseline", str(file))

    def raw(self, size: int) -> Server:
        """Start a socket writer that broadcasts `size` bytes."""
        return self._server("feedback_app.bench.socket_baseline", str(size))

    def visit(self, server: Server, request: str, connections: int, **plan: float) -> dict[str, Any]:
        """Send a request repeatedly on each connection; gives `rate`, `took` and `statuses`."""
        return self._run("visitors", port=server.port, request=request, connections=connections, **plan)

    def audience(self, port: int, listeners: int, *, after: str = "0") -> Audience:
        """Connect listeners whose page has the version `after`."""
        listen = (
            f"GET /walls/main/live?after={after} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Accept: text/event-stream\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n"
        )
        plan = {"port": port, "listen": listen, "listeners": listeners}
        audience = self._start(Audience, "feedback_app.bench.audience", json.dumps(plan))
        audience.listeners = listeners
        audience.read_line()
        return audience

    def stop(self, running: Running) -> None:
        """Stop one process."""
        running.stop()
        self.running.remove(running)

    def close(self) -> None:
        """Stop all processes."""
        while self.running:
            self.stop(self.running[-1])

    def _server(self, module: str, *arguments: str) -> Server:
        return self._start(Server, module, *arguments)

    def _start(self, process: type[Process], module: str, *arguments: str, **settings: str) -> Process:
        log = self.folder / f"log-{len(self.running)}"
        running = process(module, *arguments, environment=self.environment | settings, log=log)
        self.running.append(running)
        return running

    def _run(self, program: str, **plan: Any) -> dict[str, Any]:
        running = self._start(Running, f"feedback_app.bench.{program}", json.dumps(plan))
        answer: dict[str, Any] = json.loads(running.read_line())
        self.stop(running)
        return answer


def allow_listeners(most: int) -> None:
    """Raise the limit of open files for this many listeners. Raises ConfigurationError if the hard limit is lower."""
    needed = most + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (-1, resource.RLIM_INFINITY) and hard < needed:
        raise ConfigurationError(
            f"{most:,} listeners need {needed:,} open files in a process, and this system allows {hard:,}. "
            f"Allow more (as root: ulimit -Hn {needed}), or measure fewer with --listeners {hard - SPARE_DESCRIPTORS}."
        )
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
