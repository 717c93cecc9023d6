"""Several workers under one command: one address, the dead replaced, the old renewed, all of them gone at the end."""

import asyncio
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from .. import ROOT
from ..support import OURS, Process, Reader, environment, is_running, serving, until, words
from ..support.crash_load import CrashLoad

Start = Callable[..., Process]


@pytest.mark.slow
async def test_under_load_a_worker_is_killed_and_then_all_are_renewed(process: Start) -> None:
    """Requirement 18, in part: a killed one is replaced and its readers resume at another one; being renewed
    costs nobody a post, whether they keep their connection or make a new one each time."""
    server = process(workers=2, FEEDBACK_DEFENCES="off")
    async with CrashLoad([server], posters=6, followers=20).running() as storm:
        await storm.more(30)
        before = server.worker_pids
        killed = max(before, key=lambda pid: len(os.listdir(f"/proc/{pid}/fd")))  # It has the most readers.
        before.remove(killed)
        os.kill(killed, signal.SIGKILL)
        await until(lambda: len(server.worker_pids - {killed}) == 2, 5)
        await storm.more(30)
        assert before < server.worker_pids
        assert 1 in {follower.ends for follower in storm.followers} <= {0, 1}

        before = server.worker_pids
        troubles = storm.troubles
        server.process.send_signal(signal.SIGHUP)
        await until(lambda: len(server.worker_pids) == 2 and not before & server.worker_pids, 60)
        await storm.more(30)
        assert storm.troubles == troubles


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_killed_and_started_again_eight_times_everybody_has_everything_once(process: Start) -> None:
    """Requirements 1, 2 and 18: no acknowledged post is lost or stored twice, and each of 60 readers has every
    event exactly once and in order."""
    server = process(workers=2, FEEDBACK_DEFENCES="off")
    async with CrashLoad([server], posters=6, followers=60).running() as storm:
        for _ in range(8):
            await storm.more(25)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        await storm.more(40)
    assert min(follower.ends for follower in storm.followers) >= 8


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the program that a test may change; with what Python keeps of it, or each process would compile it."""
    for name in ("feedback_app", "templates", "static"):
        # Another process may be about to write such a file.
        shutil.copytree(ROOT / name, tmp_path / "checkout" / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    return tmp_path / "checkout"


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    # Another size than before, so that what Python keeps of the old one is not taken for it.
    file.write_text(text.replace(old, new, 1) + "\n\n")


class Copy(Process):
    """The program as it is in a copy of the checkout."""

    def __init__(self, checkout: Path, data: Path, **settings: str) -> None:
        super().__init__(data, workers=2, PYTHONPATH=str(checkout), PYTHONSAFEPATH="1", **settings)


@pytest.mark.slow
async def test_what_is_stuck_is_replaced_what_is_renewed_has_new_code_and_what_is_broken_changes_nothing(
    checkout: Path, data: Path
) -> None:
    """Requirement 62, for workers: a stuck one is replaced within 30 s; here sooner."""
    replace(checkout / "feedback_app" / "server" / "worker.py", "SILENT_SECONDS = 20", "SILENT_SECONDS = 3")
    health = checkout / "feedback_app" / "server" / "health_views.py"
    server = Copy(checkout, data)
    try:
        stuck = server.worker_pids.pop()
        os.kill(stuck, signal.SIGSTOP)
        await until(lambda: len(server.worker_pids - {stuck}) == 2 and not is_running(stuck), 20)

        replace(health, '"alive\\n"', '"renewed\\n"')
        before = server.worker_pids
        server.process.send_signal(signal.SIGHUP)
        await until(lambda: len(server.worker_pids) == 2 and not before & server.worker_pids, 40)
        async with server.client() as client:
            assert (await client.get("/healthz")).text == "renewed\n"

        before = server.worker_pids
        replace(health, "from quart", "from nowhere")
        server.process.send_signal(signal.SIGHUP)
        await until(lambda: len(server.worker_pids) == 3, 20)
        await until(lambda: server.worker_pids == before, 20)
        async with server.client() as client:
            assert (await client.get("/healthz")).text == "renewed\n"
    finally:
        assert server.stop() == 0


def test_when_no_worker_can_start_that_is_the_end_and_the_workers_say_why(checkout: Path, data: Path) -> None:
    sabotage = "from ..config import ConfigurationError\n    raise ConfigurationError('This worker cannot be.')\n    "
    sabotage += "heartbeat ="
    replace(checkout / "feedback_app" / "cli" / "serve.py", "heartbeat =", sabotage)
    outcome = subprocess.run(
        [sys.executable, "-m", "feedback_app", "serve", "--workers", "2", "--port", "0"],
        env=environment(data, PYTHONPATH=str(checkout), PYTHONSAFEPATH="1"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (outcome.returncode, outcome.stdout) == (1, "")
    # Both speak at the same moment, so a line of one may end in the middle of the other's.
    assert outcome.stderr.replace("\n", "") == "feedback-app: This worker cannot be." * 2


async def test_workers_end_with_their_supervisor_even_when_that_is_killed(process: Start) -> None:
    server = process(workers=2)
    async with Reader(server.port, "0") as reader:
        workers = server.worker_pids
        server.stop(signal.SIGKILL)
        await until(lambda: not any(is_running(pid) for pid in workers), 10)
        await until(lambda: reader.ended)
        assert reader.events[-1].event == "closing"
    with pytest.raises(ConnectionRefusedError), socket.socket() as again:
        again.connect(("127.0.0.1", server.port))


def test_a_worker_ends_with_a_supervisor_that_left_unread_what_it_said() -> None:
    """The kernel reports such an end as a connection reset."""
    ours, theirs = socket.socketpair()
    worker = (
        "import signal, sys; from feedback_app.server.worker import Heartbeat; "
        "heartbeat = Heartbeat(int(sys.argv[1])); heartbeat.stop_with_supervisor(); heartbeat.beat(); signal.pause()"
    )
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", worker, str(theirs.fileno())], cwd=ROOT, pass_fds=(theirs.fileno(),)
        )
    with ours:
        assert select.select([ours], [], [], 20)[0]
    try:
        assert process.wait(10) == -signal.SIGTERM
    finally:
        process.kill()


@pytest.mark.slow
async def test_workers_that_are_stuck_end_with_their_supervisor_too(checkout: Path, data: Path) -> None:
    """One is stopped by a signal, one computes for ever and lets no other thread of its process do anything."""
    replace(checkout / "feedback_app" / "server" / "worker.py", "SILENT_SECONDS = 20", "SILENT_SECONDS = 5")
    health = checkout / "feedback_app" / "server" / "health_views.py"
    replace(health, 'return Response("alive', 'import re; re.match("(a+)+$", "a" * 60 + "b"); return Response("alive')
    server = Copy(checkout, data)
    try:
        workers = server.worker_pids
        before = {pid: seconds_of(pid) for pid in workers}
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: max(seconds_of(pid) - before[pid] for pid in workers) > 0.3)
        computing = max(workers, key=lambda pid: seconds_of(pid) - before[pid])
        (other,) = workers - {computing}
        os.kill(other, signal.SIGSTOP)
    finally:
        server.stop(signal.SIGKILL)
    await until(lambda: not any(is_running(pid) for pid in workers), 20)


def seconds_of(pid: int) -> float:
    """How long a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def dribbling_post(port: int) -> tuple[socket.socket, bytes]:
    """A form that is on its way, and what is still missing of it."""
    body = b"name=Ann&text=In+flight&key=in-flight"
    connection = socket.create_connection(("127.0.0.1", port))
    head = (
        "POST /walls/main/feedback HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nHX-Request: true\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body[:9])
    return connection, body[9:]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
async def test_told_to_stop_with_500_streams_the_running_posts_finish(process: Start, workers: int) -> None:
    """Requirement 24: one post that waits for the database, one that is still arriving; exit code 0 within 10 s."""
    server = process(workers=workers, FEEDBACK_DEFENCES="off")
    readers = [Reader(server.port, "0") for _ in range(500)]
    for some in range(0, 500, 50):
        await asyncio.gather(*(reader.__aenter__() for reader in readers[some : some + 50]))
    arriving, rest = dribbling_post(server.port)
    with closing(sqlite3.connect(server.data / "feedback.sqlite3", isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        async with server.client() as client:
            waiting = asyncio.create_task(
                client.post("/walls/main/feedback", data={"name": "Bo", "text": "Waited", "key": "w"}, headers=OURS)
            )
            await asyncio.sleep(0.5)  # Until it waits for the stranger, which nobody can see from outside.
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            await until(lambda: all(reader.ended for reader in readers), 5)
            arriving.sendall(rest)
            stranger.execute("ROLLBACK")
            assert (await waiting).status_code == 303
    assert arriving.recv(100).startswith(b"HTTP/1.1 201")
    arriving.close()
    assert await asyncio.to_thread(server.stop) == 0
    assert time.monotonic() - began < 10

    assert {reader.events[-1].event for reader in readers} == {"closing"}
    pauses = [int(reader.events[-1].retry) for reader in readers]
    assert max(pauses) - min(pauses) >= 4000
    for reader in readers:
        await reader.__aexit__()
    async with serving(data=server.data) as wall:
        assert set(await words(wall.client)) == {"Waited", "In flight"}


@pytest.fixture
def terminal(data: Path) -> Iterator[tuple[int, subprocess.Popen[str], int]]:
    """A terminal that runs two workers: its keyboard, the process, and its port."""
    ours, theirs = os.openpty()
    command = ["setsid", "--ctty", sys.executable, "-m", "feedback_app", "serve", "--workers", "2", "--port", "0"]
    settings = environment(data, FEEDBACK_DEFENCES="off")

    def heed_hangups() -> None:
        """Restore SIGHUP, which `nohup` ignores in the test run and its children."""
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    with (
        open(theirs, "rb", buffering=0) as stdin,
        subprocess.Popen(
            command, env=settings, stdin=stdin, stdout=subprocess.PIPE, text=True, preexec_fn=heed_hangups
        ) as server,
    ):
        assert server.stdout is not None
        found = re.fullmatch(r"The wall is at http://127.0.0.1:(\d+)/walls/main\n", server.stdout.readline())
        assert found is not None
        yield ours, server, int(found.group(1))
        server.kill()
    with suppress(OSError):
        os.close(ours)


async def test_control_c_stops_it_and_once_more_hurries(terminal: tuple[int, subprocess.Popen[str], int]) -> None:
    keyboard, server, port = terminal
    finished, rest = dribbling_post(port)
    stuck, _ = dribbling_post(port)
    async with Reader(port, "0") as reader:
        os.write(keyboard, b"\x03")
        await until(lambda: reader.ended)
        finished.sendall(rest)
        assert (await asyncio.to_thread(finished.recv, 100)).startswith(b"HTTP/1.1 201")
        began = time.monotonic()
        os.write(keyboard, b"\x03")
        assert await asyncio.to_thread(server.wait, 20) == 0
        assert time.monotonic() - began < 4
    assert server.stdout is not None
    assert [line.split(".")[0] for line in server.stdout] == ["There is no moderator yet"]
    finished.close()
    stuck.close()


def test_the_end_of_its_terminal_is_the_end_of_it(terminal: tuple[int, subprocess.Popen[str], int]) -> None:
    """Although SIGHUP asks for new workers otherwise."""
    keyboard, server, _ = terminal
    os.close(keyboard)
    assert server.wait(20) == 0
