"""A disk that is full, read-only or broken under the database: nothing acknowledged is lost, and it recovers.

The disk is a small tmpfs, or every write of the server is made to fail by strace.
"""

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from ...support import HTMX, OURS, Process, Reader, post, stamp, until, words
from ...support.databases.own_servers import cannot
from ...support.strace import failing

pytestmark = pytest.mark.sqlite


@pytest.fixture
def small_disk(data: Path, tmp_path: Path) -> Iterator[Path]:
    """A data folder on a disk of its own, of 8 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=8m", "feedback-test", str(disk)]
    mounted = subprocess.run(options, capture_output=True, text=True, check=False)
    if mounted.returncode:
        cannot(f"No small disk can be mounted here, so none can be filled ({mounted.stderr.strip()}).")
    try:
        shutil.copytree(data, disk / "data")
        yield disk / "data"
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def is_refused_with_its_words(client: httpx.AsyncClient, given: str) -> bool:
    """Try to post, as htmx and as a plain form; where it is refused, the words are kept."""
    fields = {"name": "Ann", "text": "Kept <words>" + "x" * 3000, "stamp": given, "key": os.urandom(8).hex()}
    answer = await client.post("/walls/main/feedback", data=fields | {"text": "y" * 1500}, headers=HTMX)
    if answer.status_code == 201:
        return False
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    plain = await client.post("/walls/main/feedback", data=fields | {"text": "Kept <words>"}, headers=OURS)
    assert plain.status_code == 503
    assert "Kept &lt;words&gt;</textarea>" in plain.text
    return True


def whole(file: Path) -> int:
    """How many entries the file holds, which is in order."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(connection.execute("SELECT count(*) FROM feedback").fetchone()[0])


async def test_on_a_full_disk_reading_goes_on_and_posting_does_again_when_there_is_space(
    small_disk: Path, process: Callable[..., Process]
) -> None:
    server = Process(small_disk, FEEDBACK_DEFENCES="off")
    try:
        async with server.client() as client, Reader(server.port, "0") as reader:
            acknowledged = [f"Before {each}" for each in range(3)]
            for text in acknowledged:
                assert (await post(client, text=text)).status_code == 201
            given = await stamp(client)
            filler = small_disk.parent / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))

            async def is_full() -> bool:
                return await is_refused_with_its_words(client, given)

            await until(is_full, 40)
            page = await client.get("/walls/main")
            assert page.status_code == 200
            assert "Before 0" in page.text
            ready = await client.get("/readyz")
            assert ready.status_code == 503
            assert "disk" in ready.text
            assert not reader.ended

            filler.unlink()
            assert (await post(client, text="After")).status_code == 201
            await until(lambda: "After" in reader.news[-1].data)
            found = await words(client)
            assert found[0] == "After"
            assert found[-3:] == acknowledged[::-1]
            version = int(re.search(r'data-version="(\d+)"', (await client.get("/walls/main")).text).group(1))  # type: ignore[union-attr]
            assert reader.versions[-1] == version
    finally:
        assert server.stop() == 0
    assert whole(small_disk / "feedback.sqlite3") == version


@pytest.mark.parametrize(
    "fault", ["pwrite64:error=ENOSPC", "pwrite64:error=EIO", "pwrite64:error=EROFS", "fsync,fdatasync:error=EIO"]
)
async def test_while_the_disk_refuses_every_write_nothing_is_acknowledged_and_nothing_lost(
    data: Path, process: Callable[..., Process], fault: str
) -> None:
    server = process(FEEDBACK_DEFENCES="off")
    async with server.client() as client, Reader(server.port, "0") as reader:
        assert (await post(client, text="Before")).status_code == 201
        given = await stamp(client)
        with failing(server, fault):
            assert await is_refused_with_its_words(client, given)
            assert "Before" in (await client.get("/walls/main")).text
            assert not reader.ended

        async def is_well() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await until(is_well)
        assert (await post(client, text="After")).status_code == 201
        await until(lambda: reader.versions == [1, 2])
        assert await words(client) == ["After", "Before"]
    assert server.stop() == 0
    assert whole(data / "feedback.sqlite3") == 2


@pytest.mark.slow
async def test_while_a_stranger_holds_the_lock_for_half_a_minute_posts_are_refused_in_time_and_pages_come_at_once(
    data: Path, process: Callable[..., Process]
) -> None:
    """Of two posts that come while it is held, and one that comes shortly before it is let go, the last is taken."""
    server = process(FEEDBACK_DEFENCES="off")
    async with server.client() as client, Reader(server.port, "0") as reader:
        assert (await post(client, text="Before")).status_code == 201
        given = await stamp(client)
        with closing(sqlite3.connect(data / "feedback.sqlite3", isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            held = time.monotonic()
            while time.monotonic() - held < 27:
                assert await is_refused_with_its_words(client, given)
                begun = time.monotonic()
                assert "Before" in (await client.get("/walls/main")).text
                assert time.monotonic() - begun < 2
            fields = {"name": "Ann", "text": "After", "stamp": given, "key": "one-that-waits"}
            waiting = asyncio.create_task(client.post("/walls/main/feedback", data=fields, headers=HTMX))
            await asyncio.sleep(1)
            stranger.execute("ROLLBACK")
            assert (await waiting).status_code == 201
        await until(lambda: reader.versions == [1, 2])
        assert await words(client) == ["After", "Before"]
