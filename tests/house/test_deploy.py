"""What lies in deploy/: as far as this machine has the programs it is run, and else read with care."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest

from feedback_app.config import PREFIX, Settings

from .. import ROOT
from ..support import NO_CERTIFICATES, Process, Reader, items, post, until

DEPLOY = ROOT / "deploy"
SETTINGS = {PREFIX + setting.name.upper() for setting in fields(Settings)}


def program(name: str, package: str = "") -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (on Debian: apt-get install {package or name}).")
    return found


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def caddy(folder: Path, port: int, nodes: list[int]) -> tuple[list[str], dict[str, str]]:
    """How Caddy is started on the file as it is, less its own door for administrators."""
    text = (DEPLOY / "Caddyfile").read_text()
    (folder / "Caddyfile").write_text(text.replace("{\n", "{\n\tadmin off\n", 1))
    environment = {
        "WALL_ADDRESS": f"http://127.0.0.1:{port}",
        "WALL_NODES": " ".join(f"127.0.0.1:{each}" for each in nodes),
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")], environment


def nginx(folder: Path, port: int, nodes: list[int]) -> tuple[list[str], dict[str, str]]:
    """How nginx is started on the file, at other ports and without certificates."""
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"listen \[::\].*|ssl_.*", "", text)
    text = text.replace("listen 443 ssl http2", f"listen 127.0.0.1:{port}")
    text = text.replace("listen 80", f"listen 127.0.0.1:{free_port()}")
    text = text.replace("server 127.0.0.1:8000;", " ".join(f"server 127.0.0.1:{each};" for each in nodes))
    (folder / "nginx.conf").write_text(text)
    return [*nginx_command(folder / "nginx.conf"), "-g", f"daemon off; pid {folder}/nginx.pid;"], {}


def nginx_command(file: Path) -> list[str]:
    if os.geteuid() != 0:
        pytest.skip("nginx keeps what it has to put aside in a folder of root's.")
    return [program("nginx", "nginx-light"), "-e", "stderr", "-c", str(file)]


@pytest.fixture(params=[caddy, nginx], ids=["caddy", "nginx"])
def proxied(request: pytest.FixtureRequest, process: Callable[..., Process], tmp_path: Path) -> Iterator[Any]:
    """Two nodes on one file behind a real proxy; gives its port and the nodes."""
    port = free_port()
    told = {"FEEDBACK_TRUSTED_PROXIES": "1", "FEEDBACK_BASE_URL": f"http://127.0.0.1:{port}"}
    command, environment = request.param(tmp_path, port, [])  # Skips before anything is started.
    nodes = [process(FEEDBACK_ADDRESS_LIMIT="3/minute", **told) for _ in range(2)]
    command, environment = request.param(tmp_path, port, [node.port for node in nodes])
    with subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL) as proxy:
        yield port, nodes
        proxy.terminate()


def visitor(port: int, address: str) -> httpx.AsyncClient:
    """Somebody who comes to the proxy from this address, and whose browser says only its origin."""
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        transport=httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES, local_address=address),
        timeout=20,
    )


async def test_behind_a_real_proxy_news_passes_at_once_and_everybody_has_their_own_address(proxied: Any) -> None:
    """Requirements 37 and 50: whoever invents addresses is limited as before, and nobody else is."""
    port, nodes = proxied
    origin = {"Origin": f"http://127.0.0.1:{port}"}
    async with visitor(port, "127.0.0.1") as first, visitor(port, "127.0.0.7") as second:

        async def is_up() -> bool:
            try:
                return (await first.get("/walls/main")).status_code == 200
            except httpx.ConnectError:
                return False

        await until(is_up)
        async with Reader(port, "0") as reader:
            assert "text/event-stream" in reader.headers
            for number in range(3):
                headers = {**origin, "X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
                assert (await post(first, text=f"Post {number}", headers=headers)).status_code == 303
                await until(lambda number=number: reader.versions == list(range(1, number + 2)), 2)
            above = await post(first, text="Too much", headers={**origin, "X-Forwarded-For": "203.0.113.9"})
            assert above.status_code == 303
            assert (await post(second, text="From next door", headers=origin)).status_code == 303
            await until(lambda: len(reader.news) == 4, 2)
            assert "Too much" not in "".join(event.data for event in reader.news)
            assert not reader.ended

        too_large = await first.post("/walls/main/feedback", data={"text": "x" * 200_000}, headers=origin)
        assert (too_large.status_code, "Shorten it" in too_large.text) == (413, True)
        feed = await items(first)
        assert feed[0]["url"].startswith(f"http://127.0.0.1:{port}/walls/main/")

        nodes[0].stop(signal.SIGKILL)
        for _ in range(6):
            assert (await first.get("/walls/main")).status_code == 200


def test_nginx_takes_the_file_with_its_certificates(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=wall.example", "-days", "2", "-keyout", key, "-out", certificate]
    run(program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject)
    text = (DEPLOY / "nginx.conf").read_text()
    text = text.replace("/etc/ssl/wall.example/fullchain.pem", str(certificate))
    text = text.replace("/etc/ssl/wall.example/privkey.pem", str(key))
    (tmp_path / "nginx.conf").write_text(text)
    said = run(*nginx_command(tmp_path / "nginx.conf"), "-t", "-g", f"pid {tmp_path}/nginx.pid;")
    assert "warn" not in said


def test_caddy_takes_the_file_for_a_real_name_with_nothing_to_say_about_it() -> None:
    told = ["--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile"]
    adapted = run(program("caddy"), "adapt", *told, WALL_ADDRESS="https://wall.example")
    assert '"warn"' not in adapted
    (server,) = json.loads(adapted)["apps"]["http"]["servers"].values()
    assert server["listen"] == [":443"]
    for node in ("app-1:8000", "app-2:8000", "app-3:8000"):
        assert f'"dial":"{node}"' in adapted


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "feedback-app.service").read_text()
    here = tmp_path / "feedback-app.service"
    here.write_text(text.replace("/opt/feedback/bin/feedback-app serve", f"{sys.executable} -m feedback_app serve"))
    analyze = program("systemd-analyze", "systemd")
    assert run(analyze, "verify", here) == ""
    for name in ("feedback-app.socket", "feedback-backup.service", "feedback-backup.timer"):
        text = (DEPLOY / name).read_text().replace("/opt/feedback/bin/feedback-app", sys.executable)
        (tmp_path / name).write_text(text)
    assert run(analyze, "verify", tmp_path / "feedback-app.socket", tmp_path / "feedback-backup.timer") == ""
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", run(analyze, "security", "--offline=yes", here))
    assert exposure is not None
    assert float(exposure.group(1)) < 2


def test_the_image_is_made_of_what_there_is_and_runs_as_nobody_in_particular() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    taken = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    copied = [
        source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    ]
    assert sorted(copied) == sorted(taken)
    assert all((ROOT / source).exists() for source in copied)
    final = lines[len(lines) - lines[::-1].index("FROM python:3.13-slim") :]
    for line in ("USER 10001:10001", "STOPSIGNAL SIGTERM", "VOLUME /data", 'ENTRYPOINT ["feedback-app"]'):
        assert line in final


def test_the_health_check_of_the_image_tells_a_living_wall_from_a_dead_one(process: Callable[..., Process]) -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    found = re.search(r"HEALTHCHECK .*\\\n\s+CMD (\[.*\])", text)
    assert found is not None
    server = process()
    command = [sys.executable, *json.loads(found.group(1).replace(":8000", f":{server.port}"))[1:]]
    assert subprocess.run(command, check=False).returncode == 0
    server.stop()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_the_composition_fits_together() -> None:
    yaml = pytest.importorskip("yaml")
    text = (DEPLOY / "compose.yaml").read_text()
    services = yaml.safe_load(text)["services"]
    nodes = [service for name, service in services.items() if name.startswith("app-")]
    assert len(nodes) == 3
    for node in nodes:
        assert node["environment"] == nodes[0]["environment"]
        assert set(node["environment"]) <= SETTINGS
        assert {"FEEDBACK_SECRET_KEY", "FEEDBACK_DATABASE_URL", "FEEDBACK_TRUSTED_PROXIES"} <= set(node["environment"])
        assert (DEPLOY / node["build"]["context"] / node["build"]["dockerfile"]).is_file()
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
    asked = set(re.findall(r"\$\{(\w+)", text)) | (set(re.findall(r"\{\$(\w+)\}", (DEPLOY / "Caddyfile").read_text())))
    named = re.findall(r"^(\w+)=", (DEPLOY / "compose.env.example").read_text(), re.MULTILINE)
    assert asked == set(named)


def test_docker_takes_the_composition() -> None:
    docker = program("docker")
    if subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("docker has no compose plugin here.")
    told = {"WALL_ADDRESS": "https://wall.example", "FEEDBACK_SECRET_KEY": "x" * 32, "POSTGRES_PASSWORD": "y"}
    assert "postgresql://feedback:y@database/feedback" in run(
        docker, "compose", "--file", DEPLOY / "compose.yaml", "config", **told
    )


@pytest.mark.parametrize("file", sorted(DEPLOY.iterdir()), ids=lambda file: file.name)
def test_every_setting_that_is_named_exists(file: Path) -> None:
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", file.read_text())) <= SETTINGS
