"""Restoring a backup: versions, ids and ETags are never reused, so that no reader keeps lost entries."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from feedback_app.database import schema

from ..support import HTMX, Process, Reader, post, run, stamp, until, words
from ..support.databases import url_of
from .test_migrations import migrate_to


def copy_of(data: Path, file: Path) -> None:
    """A backup, by our command or by the tool of the database server."""
    url = make_url(url_of(data)) if url_of(data) else None
    if url is None:
        assert run(data, "backup", str(file)).returncode == 0
    elif url.get_backend_name() == "postgresql":
        tool("pg_dump", "--format=custom", "--file", str(file), "--dbname", plain(url_of(data)))
    else:
        with file.open("wb") as opened:
            tool("mariadb-dump", "--single-transaction", *mariadb_options(data), stdout=opened)


def bring_back(data: Path, file: Path) -> None:
    url = make_url(url_of(data)) if url_of(data) else None
    if url is None:
        outcome = run(data, "restore", str(file), "--force")
        assert outcome.returncode == 0, outcome.stderr
        return
    if url.get_backend_name() == "postgresql":
        tool("pg_restore", "--clean", "--if-exists", "--dbname", plain(url_of(data)), str(file))
    else:
        with file.open("rb") as opened:
            tool("mariadb", *mariadb_options(data), stdin=opened)
    outcome = run(data, "migrate", "--restored")
    assert outcome.returncode == 0, outcome.stderr


def tool(*command: str, **pipes: object) -> None:
    subprocess.run(command, check=True, timeout=60, env=os.environ, **pipes)  # type: ignore[call-overload]


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def mariadb_options(data: Path) -> list[str]:
    url = make_url(url_of(data))
    password = [f"--password={url.password}"] if url.password else []
    return ["--host", url.host or "127.0.0.1", "--user", url.username or "root", *password, str(url.database)]


async def test_a_reader_from_before_a_restore_sees_what_is_there_now_and_nothing_that_is_gone(
    data: Path, process: Callable[..., Process], tmp_path: Path
) -> None:
    """By a page that the browser has kept, by a feed, by an address, by the stream and by the poll."""
    server = process(FEEDBACK_DEFENCES="off")
    async with server.client() as client:
        await post(client, text="Before the backup")
        copy_of(data, tmp_path / "copy")
        await post(client, text="Written after the backup: gone")
        kept = {path: (await client.get(path)).headers["etag"] for path in ("/walls/main", "/walls/main/feed.json")}
        version = int((await client.get("/walls/main/changes?after=0")).headers["wall-version"])
        number = (await client.get("/walls/main/feed.json")).json()["items"][0]["url"].rsplit("/", 1)[1]
        added = run(data, "wall", "add", "made-later")
        assert added.returncode == 0
        await post_to_wall(client, "made-later", "On a wall that was made after the backup")
        kept["/walls/made-later"] = (await client.get("/walls/made-later")).headers["etag"]
    server.stop()

    bring_back(data, tmp_path / "copy")
    server.start()

    async with server.client() as client, Reader(server.port, str(version)) as reader:
        answered = await post(client, text="Written after the restore")
        assert answered.status_code == 201
        for path in ("/walls/main", "/walls/main/feed.json"):
            answer = await client.get(path, headers={"If-None-Match": kept[path]})
            assert (answer.status_code, "gone" in answer.text) == (200, False)
            assert "Written after the restore" in answer.text
        assert (await client.get(f"/walls/main/feedback/{number}")).status_code == 404
        for after in (version - 1, version):
            missed = await client.get(f"/walls/main/changes?after={after}")
            assert 'hx-swap="reload"' in missed.text
        await until(lambda: reader.news)
        assert 'hx-swap="reload"' in reader.news[0].data
        assert min(reader.versions) > version
        assert run(data, "wall", "add", "made-later").returncode == 0
        await post_to_wall(client, "made-later", "On another wall of that address")
        answer = await client.get("/walls/made-later", headers={"If-None-Match": kept["/walls/made-later"]})
        assert (answer.status_code, "another wall" in answer.text) == (200, True)
        # What was given out after the restore goes on without a gap.
        late = int((await client.get(f"/walls/main/changes?after={version}")).headers["wall-version"])
        await post(client, text="The next one")
        assert int((await client.get(f"/walls/main/changes?after={late}")).headers["wall-version"]) == late + 1


@pytest.mark.sqlite
async def test_restoring_the_same_backup_twice_gives_no_version_and_no_number_twice(
    data: Path, process: Callable[..., Process], tmp_path: Path
) -> None:
    """Also with a clock that has been put back in between, and where the file in its place cannot be read."""
    server = process(FEEDBACK_DEFENCES="off")
    copy_of(data, tmp_path / "copy")
    given: set[tuple[int, int]] = set()
    for turn in range(3):
        async with server.client() as client:
            await post(client, text=f"Turn {turn}")
            version = int((await client.get("/walls/main/changes?after=0")).headers["wall-version"])
            number = int((await client.get("/walls/main/feed.json")).json()["items"][0]["url"].rsplit("/", 1)[1])
            assert not {(version, number)} & given
            assert all(version > v and number > n for v, n in given)
            given.add((version, number))
            assert await words(client) == [f"Turn {turn}"]
        server.stop()
        assert run(data, "restore", str(tmp_path / "copy"), "--force").returncode == 0
        server.start()


@pytest.mark.sqlite
@pytest.mark.parametrize("revision", schema.revisions())
async def test_a_backup_of_any_version_is_brought_to_this_schema_by_the_restore(
    data: Path, tmp_path: Path, revision: str
) -> None:
    await migrate_to(tmp_path / "former", revision)
    outcome = await asyncio.to_thread(run, data, "restore", str(tmp_path / "former" / "feedback.sqlite3"), "--force")
    assert outcome.returncode == 0, outcome.stderr
    listed = await asyncio.to_thread(run, data, "wall", "list")
    assert listed.stdout.startswith("wall-1\t"), listed.stderr


async def post_to_wall(client: httpx.AsyncClient, slug: str, text: str) -> None:
    fields = {"name": "Ann", "text": text, "stamp": await stamp(client, slug), "key": os.urandom(8).hex()}
    answer = await client.post(f"/walls/{slug}/feedback", data=fields, headers=HTMX)
    assert answer.status_code == 201


async def test_a_backup_of_an_older_version_gives_the_same_ids_however_often_it_is_restored(
    empty: Path, tmp_path: Path
) -> None:
    """As those that its entries have had since the upgrade, of which the backup knows nothing."""
    await migrate_to(empty, "0004_since_0001")
    copy_of(empty, tmp_path / "copy") if url_of(empty) else shutil.copy(empty / "feedback.sqlite3", tmp_path / "copy")
    seen = []
    for times in range(3):
        if times:
            bring_back(empty, tmp_path / "copy")
        server = Process(empty)
        try:
            async with server.client() as client:
                feed = (await client.get("/walls/wall-1/feed.json")).json()
                seen.append([each["id"] for each in feed["items"]])
        finally:
            server.stop()
    assert seen[0]
    assert seen[0] == seen[1] == seen[2]
