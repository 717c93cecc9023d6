"""The line to the supervisor, as a worker has it."""

import ctypes
import faulthandler
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress

from .worker import SILENT_SECONDS, STOP_SECONDS

# Later than the supervisor would have ended it; so it is meant for who has none any more.
STUCK_SECONDS = SILENT_SECONDS + 5
# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_PDEATHSIG = 1


class Line:
    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def follow(self) -> None:
        """Stop this process when the supervisor is gone, however it went: its end of the line is closed then."""
        threading.Thread(target=self._await_end, daemon=True).start()
        if sys.platform == "linux":  # A process that somebody has stopped sees no end of a line.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGCONT), 0, 0, 0)

    def say(self) -> None:
        """That this worker serves. The supervisor may be gone, or busy; it is never waited for.

        Who does not say so again is ended from outside of Python, where nothing that is stuck can prevent it.
        """
        faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        with suppress(OSError):
            self._socket.send(b".", socket.MSG_DONTWAIT)

    def _await_end(self) -> None:
        with suppress(ConnectionResetError):  # It left unread what this worker had said.
            self._socket.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os._exit(1)
