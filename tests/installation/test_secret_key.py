"""Key rotation: the secret key is replaced while forms are open, without losing a post."""

import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedback_app.accounts.login_throttle import Subjects
from feedback_app.antispam.form_token import FormTokens
from feedback_app.antispam.pseudonyms import pseudonyms_of
from feedback_app.config import Settings
from feedback_app.installation import secret_key
from feedback_app.installation.secret_key import Secrets
from feedback_app.installation.signing import Keys
from feedback_app.walls import page as page_module
from feedback_app.walls.posting.receipts import AuthorTokens

from ..support import OURS, Process, Served, post, run, stamp, until, words

pytestmark = pytest.mark.sqlite
OLD, NEW = "the one of last year", "the one of this year"


async def new_stamp(server: Served | Process, old: str) -> str:
    """The form token of the page, as soon as it has changed."""
    async with server.client() if isinstance(server, Process) else server.client as client:
        form_tokens: list[str] = []

        async def is_new() -> bool:
            form_tokens.append(await stamp(client))
            return form_tokens[-1] != old

        await until(is_new)
        return form_tokens[-1]


async def test_a_form_that_is_open_outlives_a_rotation(process: Callable[..., Process]) -> None:
    """With no restart, in every worker, new forms are signed with the new secret, old ones are good."""
    server = process(workers=2, FEEDBACK_POST_LIMIT="")
    async with server.client() as client:
        old = await stamp(client)
        assert run(server.data, "rotate-secret").returncode == 0
        # No worker that has not looked yet takes what another one has signed for a forgery.
        new = await new_stamp(server, old)
        for each in range(6):
            assert (await post(client, text=f"Old {each}", stamp=old)).status_code == 201
            assert (await post(client, text=f"New {each}", stamp=new)).status_code == 201
    for name in (secret_key.FILE, secret_key.FORMER):
        assert stat.S_IMODE((server.data / name).stat().st_mode) == 0o600


async def test_a_secret_that_others_have_seen_is_void_at_once(process: Callable[..., Process]) -> None:
    """Also pages that are ready or in a browser's cache bring a new form token, and no post is lost."""
    server = process(FEEDBACK_POST_LIMIT="")
    async with server.client() as client:
        old = await stamp(client)
        tag = (await client.get("/walls/main")).headers["etag"]
        assert run(server.data, "rotate-secret", "--forget").returncode == 0
        new = await new_stamp(server, old)
        assert (await client.get("/walls/main", headers={"If-None-Match": tag})).status_code == 200
        refused = await post(client, text="Stays", stamp=old, headers=OURS)
        assert (refused.status_code, "Stays</textarea>" in refused.text) == (422, True)
        assert await words(client) == []
        assert (await post(client, text="Stays", stamp=new)).status_code == 201


@pytest.mark.parametrize("address", ["/walls/main", "/walls/main/frame"])
async def test_a_page_rendered_during_a_rotation_does_not_keep_the_former_token(
    wall: Served, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Neither is it ready for others, nor does a browser that has it take it for the new one."""

    monkeypatch.setattr(secret_key, "LOOK_SECONDS", 0)
    make, form_tokens = page_module.render, re.compile(r'name="stamp" value="([^"]+)"')

    def render(template: str, **values: Any) -> str:
        page = make(template, **values)
        monkeypatch.setattr(page_module, "render", make)
        secret_key.rotate(wall.state.settings, forget=True)
        return page

    monkeypatch.setattr(page_module, "render", render)
    before = await wall.client.get(address)
    after = await wall.client.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert (before.status_code, after.status_code) == (200, 200)
    assert form_tokens.findall(before.text) != form_tokens.findall(after.text)


async def test_a_configured_secret_is_replaced_by_configuration(serve: Callable[..., Any], data: Path) -> None:
    first = await serve(secret_key=OLD)
    old = await stamp(first.client)
    second = await serve(secret_key=NEW, secret_key_fallbacks=f" {OLD}, one more of long ago")
    new = await stamp(second.client)
    assert new != old
    assert (await post(second.client, text="Old", stamp=old)).status_code == 201
    assert (await post(first.client, text="New", stamp=new)).status_code == 422
    outcome = run(data, "rotate-secret", FEEDBACK_SECRET_KEY=NEW)
    assert (outcome.returncode, "FEEDBACK_SECRET_KEY_FALLBACKS" in outcome.stderr) == (1, True)
    outcome = run(data, "wall", "list", FEEDBACK_SECRET_KEY_FALLBACKS=f"{OLD},short")
    assert (outcome.returncode, "too short" in outcome.stderr) == (1, True)


def keys(folder: Path, **settings: str) -> Keys:
    return Keys(Secrets(Settings(data=folder, **settings)))  # type: ignore[arg-type]


def test_authors_author_tokens_and_browsers_stay_valid(tmp_path: Path) -> None:
    """A block does not end, an author token and a visitor token stay valid after a rotation."""
    at = datetime.now(UTC)
    before = keys(tmp_path)
    authors = pseudonyms_of("192.0.2.1", at, before)
    receipt = AuthorTokens(before).make(1, 7)
    device = Subjects(before).device(3, "n")
    secret_key.rotate(Settings(data=tmp_path), forget=False)
    after = keys(tmp_path)
    assert set(authors) < set(pseudonyms_of("192.0.2.1", at, after))
    assert pseudonyms_of("192.0.2.1", at, after)[0] not in authors
    assert AuthorTokens(after).read([receipt], 1) == {7: receipt}
    assert Subjects(after).of_device(device, 3)
    secret_key.rotate(Settings(data=tmp_path), forget=True)
    assert AuthorTokens(keys(tmp_path)).read([receipt], 1) == {}


def test_a_former_secret_is_good_for_a_day_and_until_the_next_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rotations in a row leave what was signed twelve hours ago good, and none is kept for ever."""
    settings, start = Settings(data=tmp_path), datetime.now(UTC)
    signed = []
    for hours, good in ((0, 0), (12, 1), (23, 2), (240, 1), (241, 2)):
        monkeypatch.setattr(secret_key, "now", lambda hours=hours: start + timedelta(hours=hours))
        if hours:
            secret_key.rotate(settings, forget=False)
        form_tokens = FormTokens(keys(tmp_path))
        assert [form_tokens.is_good(each, "main", start) for each in signed[-good:]] == [True] * len(signed[-good:]), (
            hours
        )
        assert not any(form_tokens.is_good(each, "main", start) for each in signed[: len(signed) - good]), hours
        signed.append(form_tokens.make("main", start))


def test_a_failing_disk_takes_no_secret_away(tmp_path: Path) -> None:
    kept = keys(tmp_path)
    signer = kept.signer("any")
    signed = signer.sign(1)
    (tmp_path / secret_key.FILE).rename(tmp_path / "elsewhere")
    assert signer.read(signed) == 1
