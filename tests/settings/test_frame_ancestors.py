"""The sites that may show a wall in a frame: which can be named, and that no other one can."""

import re
from html import unescape
from urllib.parse import quote

import httpx

from ..support import OURS, Served
from ..support.settings_forms import HOME, arrange

NO_SITES = [
    "https://a.example; script-src *",
    "https://a.example, https://b.example",
    "https://a.example https://b.example",
    "https://a.example\n*",
    "https://a.example/page",
    "https://a.example?x",
    "https://a.example#x",
    "https://user@a.example",
    "https://*",
    "https://*.com",
    "https://a.*.example",
    "https://*a.example",
    "http://a.example",
    "http://*.localhost",
    "ftp://a.example",
    "a.example",
    "javascript:alert(1)",
    "data:",
    "'unsafe-inline'",
    "'self'",
    "https://a.example:0",
    "https://a.example:65536",
    "https://a.example:",
    "https://",
    "https://a..example",
    "https://-a.example",
    "https://[::1]",
    "https://a.example\r\nX-Injected: 1",
    "https://" + "a" * 5000 + ".example",
    "\n".join(f"https://a{each}.example" for each in range(51)),
    "",
]


async def test_a_site_that_is_none_is_refused_while_typing_and_on_saving(
    wall: Served, owner: httpx.AsyncClient
) -> None:
    """Attack K2, requirement 49."""
    for origins in NO_SITES:
        answer = await arrange(owner, embedding="some", origins=origins)
        assert answer.status_code == 422, origins
        assert 'id="origins-fault"' in answer.text, origins
        policy = (await wall.client.get("/walls/main/frame")).headers["content-security-policy"]
        assert "frame-ancestors" not in policy, origins
        if len(origins) < 1000 and origins:
            checked = await owner.get("/settings/checks/embedders", params={"embedding": "some", "origins": origins})
            assert 'id="origins-fault"' in checked.text, origins


async def test_only_the_sites_on_the_list_can_frame_the_wall_and_its_errors(
    wall: Served, owner: httpx.AsyncClient
) -> None:
    """Requirement 49."""
    typed = (
        "https://A.example/\nhttps://a.example:443\nhttps://b.example:8443\nhttps://*.c.example\n"
        "http://localhost:3000\nhttps://müller.example"
    )
    assert (await arrange(owner, embedding="some", origins=typed)).status_code == 303
    listed = (
        "frame-ancestors 'self' https://a.example https://b.example:8443 https://*.c.example http://localhost:3000 "
        "https://xn--mller-kva.example;"
    )

    def policy(answer: httpx.Response) -> str:
        return str(answer.headers["content-security-policy"])

    frame = "/walls/main/feedback?view=frame"
    framed = [
        await wall.client.get("/walls/main/frame"),
        await wall.client.get("/walls/main/frame?before=x"),
        await wall.client.post(frame, data={"name": "Ann"}, headers=OURS),
        await wall.client.post(frame, data={"name": "Ann"}, headers={"Sec-Fetch-Site": "cross-site"}),
        await wall.client.post(frame, data={"name": "x" * 200_000}, headers=OURS),
        await wall.client.post(frame, json={}, headers=OURS),
        await wall.client.put("/walls/main/frame", headers=OURS),
    ]
    assert [answer.status_code for answer in framed] == [200, 404, 422, 403, 413, 415, 405]
    for answer in framed[:-1]:
        assert listed in policy(answer), answer.status_code
    for address in ("/walls/main", "/login", "/settings/walls", HOME, "/walls/main/embed", "/walls/none/embed"):
        assert "frame-ancestors 'none';" in policy(await owner.get(address)), address

    await arrange(owner, embedding="none")
    assert "frame-ancestors 'none';" in policy(await wall.client.get("/walls/main/frame"))
    await arrange(owner, embedding="any")
    assert "frame-ancestors" not in policy(await wall.client.get("/walls/main/frame")), "Files and apps are sites, too."


async def test_a_frame_without_a_wall_is_a_sentence_that_any_site_may_show(wall: Served) -> None:
    for slug, language, sentence in (
        ("none", "en", "This wall cannot be shown here."),
        ('n"o<n>e', "de-AT,en;q=0.5", "Diese Wand kann hier nicht gezeigt werden."),
    ):
        headers = {"Accept-Language": language}
        answer = await wall.client.get(f"/walls/{quote(slug)}/frame", headers=headers)
        assert answer.status_code == 404
        assert sentence in answer.text
        assert f'href="/walls/{quote(slug)}"' in answer.text
        assert "frame-ancestors" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


async def test_what_may_be_framed_loads_on_pages_that_are_cross_origin_isolated(wall: Served) -> None:
    """HTML Standard, section 7.1.4: under `require-corp` a frame says both, what a sandboxed one loads the second."""
    frame = await wall.client.get("/walls/main/frame?accent=0a7d55")
    for answer in (frame, await wall.client.get("/walls/main/frame"), await wall.client.get("/walls/none/frame")):
        assert answer.headers["cross-origin-embedder-policy"] == "require-corp"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    loads = [*re.findall(r'(?:href|src|data-lazy)="(/(?:static|accents)/[^"]+)"', frame.text), "/embed.js"]
    assert len(loads) >= 5
    for address in loads:
        assert (await wall.client.get(address)).headers["cross-origin-resource-policy"] == "cross-origin", address
    for address in ("/walls/main", "/walls/main/embed", "/login"):
        assert "cross-origin-embedder-policy" not in (await wall.client.get(address)).headers


async def test_a_wall_that_no_site_may_show_offers_no_lines_to_copy(wall: Served, owner: httpx.AsyncClient) -> None:
    assert "embed.js" in (await wall.client.get("/walls/main/embed")).text
    await arrange(owner, embedding="none")
    page = (await wall.client.get("/walls/main/embed")).text
    assert "embed.js" not in page
    assert "<iframe" not in page
    assert "<form" not in page
    assert f'href="{HOME}#shown"' in page
    assert 'id="shown"' in (await owner.get(HOME)).text


async def test_the_lines_to_copy_leave_a_link_where_the_script_is_not_run(
    wall: Served, owner: httpx.AsyncClient
) -> None:
    await arrange(owner, title='Tom & "Jerry" <b>')
    page = unescape((await wall.client.get("/walls/main/embed")).text)
    link = f'<a href="http://127.0.0.1:{wall.port}/walls/main">Tom &amp; &#34;Jerry&#34; &lt;b&gt;</a>'
    assert f'data-wall="main" async></script>\n{link}' in page
    assert f'<feedback-wall wall="main">{link}</feedback-wall>' in page


async def test_the_pages_of_settings_are_closed_to_scripts_and_frames(owner: httpx.AsyncClient) -> None:
    """Requirement 52."""
    for address in ("/settings/walls", HOME, f"{HOME}/delete"):
        answer = await owner.get(address)
        policy = answer.headers["content-security-policy"]
        assert "unsafe-" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r'<script>|style="|\son\w+=', answer.text)
