"""Downgrade: the program before moderation serves the newer schema, and the upgrade works again."""

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .. import ROOT
from ..support import Process, post, run, words

# The last commit whose newest schema is 0002_since_0001.
FORMER = "2bb1612"


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """The folder of the former program."""
    command = ["git", "archive", FORMER, "feedback_app", "templates", "static"]
    try:
        archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("There is no git here to fetch the former program with.")
    if archive.returncode:
        pytest.skip("The history of the project is not here, so the former program is not either.")
    folder = tmp_path / "former"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


class Former(Process):
    """A server of the former program."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        super().__init__(data, PYTHONPATH=str(folder), PYTHONSAFEPATH="1", FEEDBACK_POST_LIMIT="")


@pytest.mark.every_engine
@pytest.mark.slow
async def test_the_former_program_serves_what_the_newer_one_left(
    process: Callable[..., Process], former: Path, data: Path
) -> None:
    """Posts of either are there for both, with versions in order, and hidden ones stay hidden."""
    newer = process(FEEDBACK_POST_LIMIT="")
    async with newer.client() as client:
        for each in ("Shown", "Hidden"):
            assert (await post(client, text=each)).status_code == 201
    assert run(data, "hide", "2").returncode == 0
    newer.stop()

    older = Former(former, data)
    try:
        async with older.client() as client:
            assert (await client.get("/readyz")).status_code == 200
            assert await words(client) == ["Shown"]
            assert (await post(client, text="By the former one")).status_code == 201
            # It has no desk to offer, which tells that it is the former program indeed.
            assert (await client.get("/login")).status_code == 404
    finally:
        older.stop()

    newer.start()
    async with newer.client() as client:
        assert await words(client) == ["By the former one", "Shown"]
        assert 'data-version="4"' in (await client.get("/walls/main")).text
        assert (await post(client, text="Forward again")).status_code == 201
