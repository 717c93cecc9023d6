"""What the server listens on: a Unix socket, or one that systemd passes."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from ..support import NO_CERTIFICATES, Process, environment, run

pytestmark = pytest.mark.sqlite


async def test_a_server_on_a_unix_socket_answers_there_and_takes_its_file_away(
    process: Callable[..., Process], data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "wall.sock"
    server = process(host=f"unix:{file}", FEEDBACK_TRUSTED_PROXIES="1")
    transport = httpx.AsyncHTTPTransport(uds=str(file), verify=NO_CERTIFICATES)
    async with httpx.AsyncClient(transport=transport, base_url="http://wall.example") as client:
        assert (await client.get("/walls/main")).status_code == 200

    other = await asyncio.to_thread(run, data, "serve", "--host", f"unix:{file}")
    assert (other.returncode, len(other.stderr.splitlines())) == (1, 1)
    assert f"Cannot listen on unix:{file}: Address already in use." in other.stderr

    server.kill()
    assert file.exists()
    server.start()  # A file that a killed server has left behind is in nobody's way.
    assert server.stop() == 0
    assert not file.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "nowhere"])
def test_what_is_no_socket_of_ours_is_left_alone(data: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "there"
    if kind == "file":
        path.write_text("Something else")
    elif kind == "folder":
        path.mkdir()
    else:
        path = path / "wall.sock"
    outcome = run(data, "serve", "--host", f"unix:{path}")
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (1, 1)
    assert "Name another file with --host." in outcome.stderr
    assert kind != "file" or path.read_text() == "Something else"


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_socket_that_systemd_has_opened_is_served_whatever_host_and_port_say(data: Path, workers: str) -> None:
    """As sd_listen_fds(3) passes it: file 3, with the number of the process."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
        served = f"exec {sys.executable} -m feedback_app serve --host 192.0.2.1 --port 1 --workers {workers}"
        passing = f"exec 3<&{opened.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$; {served}"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", passing),
            pass_fds=[opened.fileno()],
            env=environment(data),
            stdout=subprocess.PIPE,
        )
    assert process.stdout is not None
    assert f":{port}/walls/main" in (await process.stdout.readline()).decode()
    async with httpx.AsyncClient(verify=NO_CERTIFICATES) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/walls/main")).status_code == 200
    process.terminate()
    assert await process.wait() == 0
