"""The line to the supervisor, as a worker has it."""

import os
import signal
import socket
import threading
import time
from contextlib import suppress

from .worker import STOP_SECONDS


class Line:
    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def follow(self) -> None:
        """Stop this process when the supervisor is gone, however it went: its end of the line is closed then."""
        threading.Thread(target=self._await_end, daemon=True).start()

    def say(self) -> None:
        """That this worker serves. The supervisor may be gone, or busy; it is never waited for."""
        with suppress(OSError):
            self._socket.send(b".", socket.MSG_DONTWAIT)

    def _await_end(self) -> None:
        self._socket.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os._exit(1)
