"""ETags and conditional requests: a page is sent again only when it has changed."""

import httpx

from feedback_app.models import Wall

from ..support import OURS, Served, post

PAGES = ("/walls/main", "/walls/main/frame", "/walls/main/feedback", "/walls/main/feedback/1", "/walls/main/embed")


async def tag_of(client: httpx.AsyncClient, address: str) -> str:
    return str((await client.get(address)).headers["etag"])


ADDRESSES = [*PAGES, "/walls/main/feed.json", "/walls/main/feed.atom"]


async def test_a_page_is_sent_once(client: httpx.AsyncClient) -> None:
    for address in ADDRESSES:
        await post(client)
        tag = await tag_of(client, address)
        for given in (tag, f'"other", {tag}', tag.removeprefix("W/")):
            same = await client.get(address, headers={"If-None-Match": given})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag), address
        for given in ('"other"', 'W/"', "garbage", "W/" + "x" * 5000):
            assert (await client.get(address, headers={"If-None-Match": given})).status_code == 200, address
        await post(client, text="Another")
        changed = await client.get(address, headers={"If-None-Match": tag})
        assert changed.status_code == 200, address
        assert changed.headers["etag"] != tag, address


async def test_hidden_words_are_not_taken_for_unchanged(client: httpx.AsyncClient, wall: Served) -> None:
    await post(client, text="Insult")
    tags = {address: await tag_of(client, address) for address in PAGES}
    await wall.change(Wall.hide, 1)
    for address, tag in tags.items():
        answer = await client.get(address, headers={"If-None-Match": tag})
        assert answer.status_code == (404 if address.endswith("/1") else 200)
        assert "Insult" not in answer.text


async def test_every_variant_of_a_page_has_a_tag_of_its_own(client: httpx.AsyncClient) -> None:
    await post(client)
    variants = [
        "/walls/main",
        "/walls/main?thanks=1",
        "/walls/main?before=5",
        "/walls/main/frame",
        "/walls/main/frame?theme=dark",
        "/walls/main/frame?theme=light",
        "/walls/main/feedback",
        "/walls/main/feedback?view=frame",
        "/walls/main/feed.json",
        "/walls/main/feed.atom",
    ]
    assert len({await tag_of(client, address) for address in variants}) == len(variants)


async def test_who_just_wrote_gets_the_page_with_the_thank_you(client: httpx.AsyncClient) -> None:
    tag = await tag_of(client, "/walls/main")
    location = (await post(client, headers=OURS)).headers["location"]
    answer = await client.get(location, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "Thank you" in answer.text


async def test_an_unchanged_frame_does_not_forbid_what_the_frame_allowed(client: httpx.AsyncClient) -> None:
    """Headers of a 304 replace those in the browser's cache (RFC 9111, section 3.2)."""
    for address in ("/walls/main/frame", "/walls/main/embed", "/walls/main"):
        first = await client.get(address)
        again = await client.get(address, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        policy = again.headers.get("content-security-policy", first.headers["content-security-policy"])
        assert policy == first.headers["content-security-policy"]


async def test_a_compressed_page_says_that_it_depends_on_what_the_browser_takes(client: httpx.AsyncClient) -> None:
    for encoding, said in (("br", "br"), ("br;q=0", None), ("identity", None), ("*;q=0", None)):
        answer = await client.get("/walls/main", headers={"Accept-Encoding": encoding})
        assert answer.headers.get("content-encoding") == said
        assert "Accept-Encoding" in answer.headers["vary"]
        assert "Nobody has written anything yet" in answer.text
