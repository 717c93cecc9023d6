"""The listening socket: a TCP port, a Unix socket, or one from systemd (socket activation)."""

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..config import ConfigurationError
from .connections import listen

UNIX = "unix:"
# SD_LISTEN_FDS_START (https://www.freedesktop.org/software/systemd/man/sd_listen_fds.html).
FIRST_DESCRIPTOR = 3
BACKLOG = 2048


@contextmanager
def open_socket(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on `host` (or `unix:/path`) and `port`, or on the socket that systemd passes.

    Deletes the file of a Unix socket at the end. Raises ConfigurationError.
    """
    if (passed := _from_systemd()) is not None:
        yield passed
    elif host.startswith(UNIX):
        path = Path(host.removeprefix(UNIX))
        try:
            listening = _listen_on_path(path)
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on {host}: {error.strerror or error}. Name another file with --host."
            ) from None
        try:
            yield listening
        finally:
            path.unlink(missing_ok=True)
    else:
        yield _listen_on_port(host, port)


def address_of(listening: socket.socket) -> str:
    """The base URL of the pages, if none is configured."""
    if listening.family == socket.AF_UNIX:
        return f"{UNIX}{listening.getsockname()}, path "
    host, port = listening.getsockname()[:2]
    # A browser cannot open the wildcard addresses.
    if host == "::":
        host = "::1" if listening.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) else "127.0.0.1"
    elif host == "0.0.0.0":  # noqa: S104
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen_on_port(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        advice = "Name an address of this machine with --host."
        if error.errno == errno.EADDRINUSE:
            advice = "Choose another one with --port."
        elif error.errno == errno.EACCES:
            advice = "Ports below 1024 are root's: choose another one with --port."
        raise ConfigurationError(f"Cannot listen on {host} port {port}: {error.strerror or error}. {advice}") from None
    except UnicodeError:
        raise ConfigurationError(f"Cannot listen on {host}: it is no address. Name one with --host.") from None


def _from_systemd() -> socket.socket | None:
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    if os.environ.get("LISTEN_FDS") != "1":
        raise ConfigurationError("systemd passes several sockets, and the wall listens on one. Keep one ListenStream.")
    return socket.socket(fileno=os.dup(FIRST_DESCRIPTOR))


def _listen_on_path(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
    except OSError:
        if not _is_stale(path):
            raise
        path.unlink()
        listening.bind(str(path))
    # The proxy runs as another user; the folder's mode restricts access.
    path.chmod(0o666)
    listening.listen(BACKLOG)
    return listening


def _is_stale(path: Path) -> bool:
    """Whether it is a socket of a killed server, which accepts no connections."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
    return False
