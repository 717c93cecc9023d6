"""What an owner sees beside the settings: the wall as it would be, the first steps, and all in their language."""

import re

import httpx
import pytest

from ..support import Served, post
from ..support.moderators import arrange, browser_of
from ..support.settings_forms import FORM, HOME

# Words of English sentences that no other of our languages has.
ENGLISH = re.compile(r"\b(?:the|this|your|with|and|you|for|wall|save|change|post|posts)\b", re.IGNORECASE)


async def test_the_preview_shows_what_is_not_saved(wall: Served, owner: httpx.AsyncClient) -> None:
    fields = {**FORM, "title": "Unsaved <b>", "theme": "dark", "accent": "#0a7d55", "is_closed": "y"}
    seen = await owner.get(f"{HOME}/preview", params=fields)
    assert seen.status_code == 200
    assert "Unsaved &lt;b&gt;" in seen.text
    assert 'data-theme="dark"' in seen.text
    assert "This wall is closed" in seen.text
    assert "<script" not in seen.text, "Nothing in it runs."
    assert "frame-ancestors 'self';" in seen.headers["content-security-policy"]
    assert (seen.headers["x-frame-options"], seen.headers["cache-control"]) == ("SAMEORIGIN", "no-store")
    assert "Unsaved" not in (await wall.client.get("/walls/main")).text
    assert "Unsaved &lt;" not in (await owner.get(HOME)).text


async def test_what_cannot_be_is_previewed_as_it_is_saved(wall: Served, owner: httpx.AsyncClient) -> None:
    await arrange(wall, title="Saved", theme="dark")
    for fields in ({"title": "x" * 121}, {"title": " "}, {"theme": "sepia"}, {"accent": "red"}, {"names": ""}, {}):
        seen = await owner.get(f"{HOME}/preview", params={**FORM, "title": "Saved", "theme": "dark", **fields})
        assert seen.status_code == 200, fields
        assert "Saved" in seen.text, fields
        assert 'data-theme="dark"' in seen.text, fields
    assert "Saved" in (await owner.get(f"{HOME}/preview")).text


async def test_the_first_steps_are_shown_until_somebody_else_has_posted(wall: Served, owner: httpx.AsyncClient) -> None:
    page = (await owner.get(HOME)).text
    assert "First steps" in page
    assert f"http://127.0.0.1:{wall.port}/walls/main</code>" in page
    assert "/walls/main/qr.svg" in page
    assert page.count("data-done") == 0
    await post(wall.client, text="My own", visitor="a" * 32)
    page = (await owner.get(HOME)).text
    assert ("First steps" in page, page.count("data-done")) == (True, 1)
    await post(wall.client, text="Somebody else's", visitor="b" * 32)
    assert "First steps" not in (await owner.get(HOME)).text


@pytest.mark.parametrize("language", ["de", "fr", "es"])
async def test_no_page_of_owners_has_a_sentence_left_in_english(wall: Served, language: str) -> None:
    async with await browser_of(wall, "Zoe", main="owner") as owner:
        owner.headers["Accept-Language"] = language
        pages = [
            HOME, f"{HOME}/delete", f"{HOME}/embed", f"{HOME}/moderators", f"{HOME}/moderators/1/remove",
            "/settings/walls", "/settings/account", f"{HOME}?done=saved", "/settings/walls/nowhere",
        ]  # fmt: skip
        answers = {address: await owner.get(address) for address in pages}
        wrong = {"title": "", "slug": "-", "name": "", "password": "x", "old_password": "", "accent": "red"}
        for address in (HOME, f"{HOME}/address", "/settings/walls", f"{HOME}/moderators", "/settings/account"):
            answers[f"POST {address}"] = await owner.post(address, data={**FORM, **wrong})
        answers["login"] = await wall.client.get("/login", headers={"Accept-Language": language})
    for address, answer in answers.items():
        assert f'<html lang="{language}"' in answer.text, address
        body = re.sub(
            r"<(script|style|code|pre)\b.*?</\1>|<bdi>.*?</bdi>", " ", answer.text.split("<body")[1], flags=re.DOTALL
        )
        words = re.sub(r"<[^<>]*>", "\n", body)
        assert ENGLISH.findall(re.sub(r"/walls/\S+|feedback-app.*", "", words)) == [], address
