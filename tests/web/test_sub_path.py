"""A wall below a path of its host: every link, form, redirect and cookie leads there, through real proxies too."""

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from feedback_app.config import ConfigurationError, Settings

from ..house.test_deploy import DEPLOY, free_port, nginx_command, program
from ..support import HTMX, NO_CERTIFICATES, OURS, Process, Reader, Served, employ, log_in, post, stamp, until

ROOT = "/feedback"
pytestmark = pytest.mark.sqlite
ADDRESS = re.compile(r'(href|src|action|hx-get|hx-post|hx-sse:connect|data-source|data-lazy|data-script)="(/[^"]*)"')
GETS = ("href", "src", "hx-get", "data-source", "data-lazy", "data-script")
PAGES = (
    *("/walls/main", "/walls/main/frame", "/walls/main?before=3", "/walls/main/feedback/1", "/walls/main/embed"),
    *("/login", "/moderation", "/walls/main/moderation", "/walls/main/moderation?show=public"),
    *("/walls/main/moderation/log", "/settings/walls", "/settings/walls/main", "/settings/walls/main/moderators"),
    *("/settings/walls/main/delete", "/settings/account", "/walls/nothing", "/walls/main/feedback/999"),
)  # fmt: skip


@pytest.fixture
async def wall(serve: Callable[..., Any]) -> Served:
    served: Served = await serve(base_url=f"http://wall.test{ROOT}", post_limit="")
    return served


@pytest.fixture
async def ann(wall: Served) -> Any:
    """Her browser; she owns the wall and has logged in by the form, so that it has the cookie as it was set."""
    await employ(wall.database, "Ann", main="owner")
    async with httpx.AsyncClient(
        base_url=wall.client.base_url, headers=wall.client.headers, verify=NO_CERTIFICATES
    ) as browser:
        answer = await log_in(browser, "Ann", headers=OURS)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{ROOT}/moderation")
        cookies = answer.headers.get_list("set-cookie")
        assert {path for cookie in cookies for path in re.findall(r"Path=(\S+?)(?:;|$)", cookie)} == {
            ROOT,
            f"{ROOT}/login",
        }
        yield browser


async def test_every_link_and_form_of_every_page_leads_below_the_path(wall: Served, ann: httpx.AsyncClient) -> None:
    for number in range(40):
        await post(wall.client, text=f"Words {number}")
    seen: dict[str, str] = {}
    for page in PAGES:
        answer = await ann.get(f"{ROOT}{page}", headers={"Accept-Encoding": "identity"})
        assert answer.status_code in (200, 303, 404), page
        found = ADDRESS.findall(answer.text)
        assert found or answer.status_code == 303, page
        assert [each for each in found if not each[1].startswith(f"{ROOT}/")] == [], page
        seen.update({address.replace("&amp;", "&"): page for kind, address in found if kind in GETS})
    assert len(seen) > 40
    for address, page in seen.items():
        answer = await ann.get(address)
        assert answer.status_code in (200, 204, 302, 303), (address, page)


async def test_redirects_lead_below_the_path_whichever_way_a_post_takes(wall: Served, ann: httpx.AsyncClient) -> None:
    fields = {"name": "Ann", "text": "Hello", "stamp": await stamp(wall.client), "key": ""}
    browsers_own = {"Origin": "http://wall.test", "Sec-Fetch-Site": "same-origin"}
    for prefix in ("", ROOT):  # A proxy may take the path off, or pass it on.
        for headers in (browsers_own, {"Origin": "http://wall.test"}):
            answer = await wall.client.post(f"{prefix}/walls/main/feedback", data=fields, headers=headers)
            assert answer.status_code == 303, answer.text
            assert answer.headers["location"].startswith(f"{ROOT}/walls/main?thanks=")
    assert (await wall.client.get(ROOT)).headers["location"] == f"{ROOT}/walls/main"
    led = await wall.client.get(f"{ROOT}/settings/account")
    assert led.headers["location"] == f"{ROOT}/login?next=%2Fsettings%2Faccount"
    form = {"name": "Ann", "password": "four words that differ", "next": "/settings/account"}
    back = await wall.client.post(f"{ROOT}/login", data=form, headers=OURS)
    assert back.headers["location"] == f"{ROOT}/settings/account"
    out = await ann.post(f"{ROOT}/logout", headers=OURS)
    assert out.headers["location"] == f"{ROOT}/login?out"
    assert f"Path={ROOT}" in out.headers["set-cookie"]
    assert (await ann.get(f"{ROOT}/moderation")).status_code == 303


async def test_a_form_that_came_after_its_session_had_ended_goes_on_below_the_path(wall: Served) -> None:
    referer = {"Referer": f"http://wall.test{ROOT}/settings/walls", **OURS}
    refused = await wall.client.post(f"{ROOT}/settings/walls", data={"title": "New", "slug": "new"}, headers=referer)
    assert refused.status_code == 401
    assert 'name="next" value="/settings/walls"' in refused.text
    assert 'name="action" value="/settings/walls"' in refused.text


async def test_feeds_and_lines_to_copy_name_the_whole_address(wall: Served) -> None:
    await post(wall.client)
    feed = (await wall.client.get(f"{ROOT}/walls/main/feed.json")).json()
    assert feed["home_page_url"] == f"http://wall.test{ROOT}/walls/main"
    assert feed["items"][0]["url"].startswith(f"http://wall.test{ROOT}/walls/main/feedback/")
    atom = (await wall.client.get(f"{ROOT}/walls/main/feed.atom")).text
    assert 'href="http://wall.test/walls' not in atom
    page = (await wall.client.get(f"{ROOT}/walls/main/embed")).text
    assert f"http://wall.test{ROOT}/embed.js" in page


async def test_over_https_the_session_is_a_secure_cookie_of_the_path(serve: Callable[..., Any]) -> None:
    """`__Host-` would demand the whole host, which is not ours alone."""
    wall: Served = await serve(base_url=f"https://wall.test{ROOT}")
    await employ(wall.database, "Ann", main="owner")
    answer = await log_in(wall.client, "Ann", headers={"Origin": "https://wall.test"})
    session = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("__Secure-feedback="))
    assert f"Path={ROOT}" in session
    assert "Secure" in session
    token = session.split(";")[0]
    for path in ("/moderation", "/walls/main/moderation", "/moderation/walls"):
        assert (await wall.client.get(ROOT + path, headers={"Cookie": token})).status_code == 200
    async with Reader(wall.port, "0", slug="main", host="127.0.0.1") as reader:
        assert reader.status == 421  # Under another name there is nothing, also on the stream.


@pytest.mark.parametrize(
    "path", ["/walls", "/static/x", "/login", "/a b", "/a//b", "/../a", "/a?b", "/a#b", "/%61", "/.a"]
)
def test_a_path_that_cannot_be_is_refused_in_a_sentence(path: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings(base_url=f"https://wall.test{path}")
    assert "FEEDBACK_BASE_URL" in str(refused.value)


@pytest.mark.parametrize("path", ["/feedback", "/feedback/", "/a/b.c", "/~ann/wall"])
def test_a_path_may_have_several_parts_and_a_slash_at_its_end(path: str) -> None:
    assert Settings(base_url=f"https://wall.test{path}").root == path.rstrip("/")


def nginx(folder: Path, port: int, node: str) -> list[str]:
    inside = (DEPLOY / "nginx-sub-path.conf").read_text().replace("http://127.0.0.1:8000", node)
    text = f"user root; events {{}} http {{ access_log off; server {{ listen 127.0.0.1:{port}; {inside}\n}} }}"
    (folder / "nginx.conf").write_text(text)
    return [*nginx_command(folder / "nginx.conf"), "-g", f"daemon off; pid {folder}/nginx.pid;"]


def nginx_that_takes_the_path_off(folder: Path, port: int, node: str) -> list[str]:
    command = nginx(folder, port, node + "/")
    assert f"{node}/;" in (folder / "nginx.conf").read_text()
    return command


def caddy(folder: Path, port: int, node: str) -> list[str]:
    text = "{\n\tadmin off\n}\n" + (DEPLOY / "Caddyfile-sub-path").read_text()
    text = text.replace("{$SITE_ADDRESS}", f"http://127.0.0.1:{port}")
    text = text.replace(
        "{$WALL_NODES:127.0.0.1:8000}", node.removeprefix("http://").replace("unix:", "unix/").rstrip(":")
    )
    (folder / "Caddyfile").write_text(text)
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@pytest.mark.parametrize("proxy", [nginx, nginx_that_takes_the_path_off, caddy])
@pytest.mark.parametrize("on_a_file", [False, True], ids=["port", "file"])
async def test_through_a_real_proxy_people_write_and_hear_of_it_below_the_path(
    process: Callable[..., Process], tmp_path: Path, proxy: Any, on_a_file: bool
) -> None:
    port, file = free_port(), tmp_path / "wall.sock"
    proxy(tmp_path, port, "http://127.0.0.1:1")  # Skips before anything is started.
    told = {"FEEDBACK_TRUSTED_PROXIES": "1", "FEEDBACK_BASE_URL": f"http://127.0.0.1:{port}{ROOT}"}
    server = process(host=f"unix:{file}" if on_a_file else "127.0.0.1", FEEDBACK_POST_LIMIT="", **told)
    command = proxy(tmp_path, port, f"http://unix:{file}:" if on_a_file else f"http://127.0.0.1:{server.port}")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    running = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=20, verify=NO_CERTIFICATES, follow_redirects=True
        ) as client:
            await until(lambda: is_up(client))
            await write_and_hear(client, port)
    finally:
        running.terminate()
        await running.wait()


async def is_up(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get(ROOT)).status_code == 200
    except httpx.ConnectError:
        return False


async def write_and_hear(client: httpx.AsyncClient, port: int) -> None:
    page = (await client.get(f"{ROOT}/walls/main")).text
    for kind, address in ADDRESS.findall(page):
        if kind in GETS:
            assert (await client.get(address.replace("&amp;", "&"))).status_code in (200, 204), address
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found is not None
    async with Reader(port, "0", path=f"{ROOT}/walls/main/live") as reader:
        fields = {"name": "Ann", "text": "Hello", "stamp": found.group(1), "key": "12345678"}
        headers = {**HTMX, "Origin": f"http://127.0.0.1:{port}"}
        assert (await client.post(f"{ROOT}/walls/main/feedback", data=fields, headers=headers)).status_code == 201
        await until(lambda: reader.news)
        assert f'href="{ROOT}/walls/main/feedback/1"' in reader.news[0].data
        missed = await client.get(f"{ROOT}/walls/main/changes?after=0")
        assert f'href="{ROOT}/walls/main/feedback/1"' in missed.text
