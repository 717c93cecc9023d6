"""Power that fails: what was acknowledged is there when it comes back.

The disk is taken at its word: of each file the server wrote, what was written after its last `fsync` is gone.
"""

import re
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ...support import Process, post
from ...support.strace import tracing

pytestmark = pytest.mark.sqlite

WRITTEN = re.compile(r"pwrite64\(\d+<(?P<file>[^>]+)>, .*, (?P<size>\d+), (?P<place>\d+)\) += \d+")
SYNCED = re.compile(r"f(?:data)?sync\(\d+<(?P<file>[^>]+)>\) += 0")
POSTS = 30


def forget_what_was_not_synced(trace: str, data: Path, copy: Path) -> int:
    """Make a copy of the data folder as the disk has it after the power failed; gives how many writes were lost."""
    pending: dict[str, list[tuple[int, int]]] = {}
    for line in trace.splitlines():
        if found := WRITTEN.search(line):
            pending.setdefault(found["file"], []).append((int(found["place"]), int(found["size"])))
        elif found := SYNCED.search(line):
            pending.pop(found["file"], None)
    shutil.copytree(data, copy)
    # The index of the log lives in memory, and is made anew from the log.
    (copy / "feedback.sqlite3-shm").unlink()
    for name, writes in pending.items():
        with (copy / Path(name).name).open("r+b") as file:
            for place, size in writes:
                file.seek(place)
                file.write(bytes(size))
    return sum(map(len, pending.values()))


@pytest.mark.parametrize("synchronous", ["full", "normal"])
async def test_when_the_power_fails_what_was_acknowledged_is_kept_by_default(
    process: Callable[..., Process], data: Path, tmp_path: Path, synchronous: str
) -> None:
    """With `normal` some of it is lost (docs/operations.md), which shows that the test can see."""
    server = process(FEEDBACK_SYNCHRONOUS=synchronous, FEEDBACK_DEFENCES="off")
    log = tmp_path / "trace"
    with tracing(server, "-y", "-s", "0", "-e", "trace=pwrite64,fsync,fdatasync", log=log):
        async with server.client() as client:
            for each in range(POSTS):
                assert (await post(client, text=f"Post {each}")).status_code == 201
        server.stop(signal.SIGKILL)
    lost = forget_what_was_not_synced(log.read_text(), data, tmp_path / "after")

    with closing(sqlite3.connect(tmp_path / "after" / "feedback.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        texts = [text for (text,) in connection.execute("SELECT text FROM feedback ORDER BY version")]
    if synchronous == "full":
        assert texts == [f"Post {each}" for each in range(POSTS)]
    else:
        assert lost > 0
        assert texts == [f"Post {each}" for each in range(len(texts))]
        assert len(texts) < POSTS
