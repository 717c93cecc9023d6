"""A worker, as the supervisor sees it: a process, and a line to it."""

import asyncio
import ctypes
import faulthandler
import logging
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress

from ..web import metrics

logger = logging.getLogger(__name__)

# A worker gives running requests eight seconds, and then lets go of its database.
STOP_SECONDS = 9.5
# Who served and then says nothing for so long is stuck: every second a worker says that it lives.
SILENT_SECONDS = 20


class Worker:
    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.process = process
        self._line = line
        self._has_served = False

    @classmethod
    async def start(cls, listening: socket.socket) -> "Worker":
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            # In a session of its own: what is typed at our terminal is for us, and we tell the workers.
            process = await asyncio.create_subprocess_exec(
                *_program(),
                "worker",
                str(listening.fileno()),
                str(theirs.fileno()),
                pass_fds=(listening.fileno(), theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        return cls(process, ours)

    async def serves(self) -> bool:
        """Wait until it says that it does; False when it ended without."""
        self._has_served = self._has_served or await self._speaks()
        return self._has_served

    async def end(self) -> bool:
        """Wait until it has ended, to which one that is stuck is brought; whether it ever served."""
        if await self.serves():
            try:
                while await asyncio.wait_for(self._speaks(), SILENT_SECONDS):
                    pass
            except TimeoutError:
                logger.error("Worker %d is stuck.", self.process.pid)
                self.tell(signal.SIGKILL)
        await self.process.wait()
        metrics.forget(self.process.pid)
        self._line.close()
        return self._has_served

    async def stop(self) -> bool:
        """Let it finish what it is doing; False when it did not in time and had to be killed."""
        self.tell(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            logger.error("Worker %d did not stop in time.", self.process.pid)
            self.tell(signal.SIGKILL)
            await self.process.wait()
            return False
        return True

    def tell(self, what: signal.Signals) -> None:
        # The library would look first whether it has ended, and so take its exit code from who waits for it.
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, what)

    def ending(self) -> str:
        code = self.process.returncode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"Worker {self.process.pid} {how}"

    async def _speaks(self) -> bool:
        """Wait for it to say something; False when it never will again."""
        return bool(await asyncio.get_running_loop().sock_recv(self._line, 64))


def _program() -> list[str]:
    """How this program was started, without its arguments: by its name, or as `python -m feedback_app`."""
    own = len(sys.orig_argv) - len(sys.argv) + 1
    return [sys.executable, *sys.orig_argv[1:own]]


# Later than the supervisor would have ended it; so it is meant for who has none any more.
STUCK_SECONDS = SILENT_SECONDS + 5
# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_PDEATHSIG = 1


class Heartbeat:
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
