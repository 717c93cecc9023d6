"""The project installs and runs as a user would install and run it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from .. import ROOT
from ..support import post, until, words

# What the tests' own run sets must not reach the programs they start.
FOREIGN = re.compile(r"FEEDBACK_|PYTEST_|QUART_|PYTHONPATH$|PYTHONHOME$|PYTHONWARNINGS$|VIRTUAL_ENV$")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the files to install are listed by git"),
]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


# In a room of its own, for this program alone: nothing can be written to but one folder, and the Python that root may
# have to itself is where everybody can run it. Then as nobody in particular.
CONFINED = """
set -e
folder="$1" prefix="$2" stage="$3"; shift 3
mount --make-rprivate /
mount --bind "$folder" "$folder"
cd "$folder"
top="/$(echo "$prefix" | cut -d/ -f2)"
if ! setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$prefix/bin"; then
    mount --bind "$prefix" "$stage"
    mount -t tmpfs -o mode=755 none "$top"
    mkdir -p "$prefix"
    mount --bind "$stage" "$prefix"
    mount -o remount,ro "$top"
fi
mount -o remount,bind,ro /
exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$@"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return copy_of_checkout(tmp_path)


def copy_of_checkout(folder: Path) -> Path:
    """Without ignored files, so that building leaves nothing in the checkout."""
    copy = folder / "source"
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


class Assets(HTMLParser):
    """Collects the addresses of the stylesheets and scripts that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.stylesheets: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "link" and "stylesheet" in values.get("rel", "").split():
            self.stylesheets.append(values["href"])
        elif tag == "script" and "src" in values:
            self.scripts.append(values["src"])


@asynccontextmanager
async def serving(*program: str | Path, folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The installed program serving from a folder, with its address, once it has said that it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    errors = folder.parent / "stderr.txt"
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *program,
            "serve",
            "--port",
            str(port),
            cwd=folder,
            env=ENVIRONMENT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdout is not None
    said: list[str] = []
    drain = None
    try:
        try:
            async with asyncio.timeout(60):
                while address not in (said[-1] if said else ""):
                    line = await process.stdout.readline()
                    assert line, f"the program ended early\n{''.join(said)}\n{errors.read_text()}"
                    said.append(line.decode())
        except TimeoutError:
            pytest.fail(f"the program did not name {address} in time\n{''.join(said)}\n{errors.read_text()}")
        drain = asyncio.create_task(process.stdout.read())
        yield process, address
    finally:
        if process.returncode is None:
            process.kill()
        await (process.stdout.read() if drain is None else drain)
        await process.wait()


def outcome_of(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def environment() -> Iterator[Path]:
    """A virtual environment with the program and nothing else, from which the source is gone, readable by everybody."""
    folder = Path(tempfile.mkdtemp(prefix="feedback-installed-"))
    folder.chmod(0o755)
    try:
        source = copy_of_checkout(folder)
        venv.create(folder / "venv", symlinks=True)
        # The pip of the tests does it, since to install one there takes a fifth of the time.
        install = ("-m", "pip", "--python", folder / "venv" / "bin" / "python", "install", "--quiet", "--no-input", ".")
        run(sys.executable, *install, cwd=source)
        shutil.rmtree(source)  # From here on only the installed copy can serve anything.
        yield folder / "venv"
    finally:
        shutil.rmtree(folder)


@pytest.mark.timeout(600)
async def test_nobody_in_particular_serves_it_on_a_system_that_cannot_be_written_to(environment: Path) -> None:
    """Requirement 58, in part: as a container or a careful unit of systemd runs it, with one folder to write to."""
    folder, stage = environment.parent / "data", environment.parent / "stage"
    folder.mkdir()
    stage.mkdir()
    if outcome_of("unshare", "--mount", "true").returncode:
        pytest.skip("This needs the right to mount (as root, on Linux).")
    os.chown(folder, 65534, 65534)
    confined = ("unshare", "--mount", "sh", "-c", CONFINED, "confined", folder, sys.base_prefix, stage)

    outside = environment.parent / "written"
    assert "Read-only file system" in outcome_of(*confined, "touch", outside).stderr

    async with (
        serving(*confined, environment / "bin" / "feedback-app", folder=folder) as (process, address),
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as client,
    ):

        async def is_ready() -> bool:
            return (await client.get("/readyz")).text == "ready\n"

        await until(is_ready)
        assert os.stat(f"/proc/{process.pid}").st_uid == 65534
        assert (await post(client, text="By nobody")).status_code == 201
        assert await words(client) == ["By nobody"]
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert (folder / "instance" / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.timeout(600)
async def test_an_installed_copy_serves_its_wall_and_stops_cleanly(environment: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    async with (
        serving(environment / "bin" / "feedback-app", folder=folder) as (process, address),
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as client,
    ):
        assert (await client.get("/healthz")).status_code == 200
        page = await client.get("/walls/main")
        assert page.status_code == 200
        assets = Assets()
        assets.feed(page.text)
        assert assets.stylesheets
        assert assets.scripts
        for name in assets.stylesheets + assets.scripts:
            found = urljoin(f"{address}/walls/main", name)
            assert found.startswith(f"{address}/"), f"{found} is on another server"
            answer = await client.get(found)
            assert (answer.status_code, bool(answer.content)) == (200, True), found

        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            status = await process.wait()
        assert status == 0, (tmp_path / "stderr.txt").read_text()


def test_the_source_archive_builds_the_same_wheel_as_the_checkout(source: Path, tmp_path: Path) -> None:
    def build(target: str, project: Path) -> Path:
        output = Path(f"{project}-{target}")
        run(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", output, cwd=project)
        (built,) = output.iterdir()
        return built

    def names(wheel: Path) -> set[str]:
        with zipfile.ZipFile(wheel) as archive:
            return set(archive.namelist())

    with tarfile.open(build("sdist", source)) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    wanted = names(build("wheel", source))
    assert names(build("wheel", unpacked)) == wanted
    for kind in ("templates", "static"):
        held = {path.relative_to(source).as_posix() for path in (source / kind).rglob("*") if path.is_file()}
        assert {f"feedback_app/{name}" for name in held} <= wanted
