"""Workers as the supervisor sees them: a process, and a socket on which it sends heartbeats."""

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

# A worker gives running requests eight seconds, then closes its database.
STOP_SECONDS = 9.5
# A worker sends a heartbeat every second; one that served and is silent for so long is stuck.
SILENT_SECONDS = 20


class Worker:
    """A worker process, from the supervisor's side."""

    def __init__(self, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self.process = process
        self._socket = channel
        self._has_served = False

    @classmethod
    async def start(cls, listening: socket.socket) -> "Worker":
        """Start a process that serves on the socket. Raises OSError if that fails."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            # In a session of its own, so that Control-C reaches only the supervisor.
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

    async def wait_until_serving(self) -> bool:
        """Wait for its first heartbeat; False if it ended before."""
        self._has_served = self._has_served or await self._receive_heartbeat()
        return self._has_served

    async def wait_until_ended(self) -> bool:
        """Wait until it has ended, and kill it if it is stuck; whether it ever served."""
        if await self.wait_until_serving():
            try:
                while await asyncio.wait_for(self._receive_heartbeat(), SILENT_SECONDS):
                    pass
            except TimeoutError:
                logger.error("Worker %d is stuck.", self.process.pid)
                self.send_signal(signal.SIGKILL)
        await self.process.wait()
        metrics.forget(self.process.pid)
        self._socket.close()
        return self._has_served

    async def stop(self) -> bool:
        """Stop it gracefully; False if it took too long and was killed."""
        self.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            logger.error("Worker %d did not stop in time.", self.process.pid)
            self.send_signal(signal.SIGKILL)
            await self.process.wait()
            return False
        return True

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        # Popen.send_signal polls first, and would take the exit code from asyncio, which waits for it.
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def exit_description(self) -> str:
        """How the process ended, for the log."""
        code = self.process.returncode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"Worker {self.process.pid} {how}"

    async def _receive_heartbeat(self) -> bool:
        """Wait for a heartbeat; False if its end of the socket is closed."""
        return bool(await asyncio.get_running_loop().sock_recv(self._socket, 64))


def _program() -> list[str]:
    """The command line of this program without its arguments."""
    own = len(sys.orig_argv) - len(sys.argv) + 1
    return [sys.executable, *sys.orig_argv[1:own]]


# Longer than the supervisor waits, for a worker that has lost its supervisor.
STUCK_SECONDS = SILENT_SECONDS + 5
# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_PDEATHSIG = 1


class Heartbeat:
    """The worker's side: sends heartbeats, and notices when the supervisor is gone."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def stop_with_supervisor(self) -> None:
        """Stop this process when the supervisor is gone, which closes its end of the socket."""
        threading.Thread(target=self._wait_for_supervisor_end, daemon=True).start()
        if sys.platform == "linux":  # A process under SIGSTOP would not notice.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGCONT), 0, 0, 0)

    def beat(self) -> None:
        """Send a heartbeat without waiting, since the supervisor may be gone or busy.

        `faulthandler` ends this process from a thread outside of Python if no other one follows.
        """
        faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        with suppress(OSError):
            self._socket.send(b".", socket.MSG_DONTWAIT)

    def _wait_for_supervisor_end(self) -> None:
        with suppress(ConnectionResetError):  # The supervisor left heartbeats unread.
            self._socket.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os._exit(1)
