"""The command `check`, and invalid settings."""

import json
import re
import secrets as random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from itsdangerous import URLSafeSerializer

from feedback_app.antispam.form_token import FormTokens
from feedback_app.config import ConfigurationError, Settings, is_guessable
from feedback_app.installation.signing import Keys
from feedback_app.settings.frame_ancestors import InvalidOrigin, parse_frame_ancestors
from feedback_app.walls.posting.receipts import AuthorTokens

from .. import ROOT
from ..support import run

KEY = "a-key-that-nobody-guesses"


def found(data: Path, **settings: str) -> dict[str, tuple[str, str]]:
    """The findings of `check` by subject; the last of several."""
    outcome = run(data, "check", "--json", **settings)
    report = json.loads(outcome.stdout)
    assert report["ok"] is (outcome.returncode == 0)
    assert report["ok"] is all(each["level"] != "wrong" for each in report["found"])
    return {each["about"]: (each["level"], each["said"]) for each in report["found"]}


def test_an_installation_is_described(data: Path) -> None:
    told = found(data, FEEDBACK_SECRET_KEY=KEY, FEEDBACK_METRICS_TOKEN="hush", FEEDBACK_UNDO_DAYS="3")
    assert told["FEEDBACK_UNDO_DAYS"] == ("fine", "3, from the environment")
    assert told["FEEDBACK_STREAMS"] == ("fine", "10000, the default")
    assert told["schema"][0] == told["database"][0] == told["data folder"][0] == told["disk"][0] == "fine"
    assert {"program", "python", "sqlite", "uvicorn", "proxies"} <= set(told)
    assert KEY not in str(told)
    assert "hush" not in str(told)


@pytest.mark.sqlite
def test_what_is_wrong_is_named_and_nothing_is_changed(data: Path, tmp_path: Path) -> None:
    assert found(data, FEEDBACK_TRUSTED_PROXYS="1")["setting"][1].endswith("Did you mean FEEDBACK_TRUSTED_PROXIES?")
    assert found(data, FEEDBACK_BASE_URL="nonsense")["settings"][0] == "wrong"
    assert found(data, FEEDBACK_BASE_URL="https://wall.example")["proxies"][0] == "warning"
    assert found(tmp_path / "none")["database"] == (
        "wrong",
        f"There is no installation in {tmp_path}/none. Name its folder in FEEDBACK_DATA, or make one with: "
        "feedback-app migrate",
    )
    assert not (tmp_path / "none").exists()
    (data / "feedback.sqlite3").write_bytes(b"This is no database. " * 100)
    assert found(data)["database"][0] == "wrong"


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    for weak in ("a" * 16, "ab" * 8, "1234567890123456", "changemechangeme", "0123456789abcdef", "zyxwvutsrqponmlk",
                 "secret" * 3, "1111222233334444", "abc" * 30):  # fmt: skip
        assert is_guessable(weak), weak
        with pytest.raises(ConfigurationError, match="openssl rand"):
            Settings(secret_key=weak)
        assert weak in Settings(secret_key=KEY, secret_key_fallbacks=weak).fallbacks()
    for make in (random.token_urlsafe, random.token_hex, lambda size: f"{random.randbits(size * 8):#x}"):
        assert not any(is_guessable(make(16)) for _ in range(300))


NAMES = {
    "https://straße.example": "https://xn--strae-oqa.example",
    "https://faß.de": "https://xn--fa-hia.de",
    "https://βόλος.com": "https://xn--nxasmm1c.com",
    "https://Bücher.Example": "https://xn--bcher-kva.example",
    "https://i❤.ws": "https://xn--i-7iq.ws",
    "https://ｗａｌｌ。example": "https://wall.example",  # noqa: RUF001
    "https://ex\u00adample.com": "https://example.com",
}


@pytest.mark.parametrize("typed", NAMES)
def test_names_of_other_scripts_are_written_as_browsers_write_them(typed: str) -> None:
    """UTS 46, not the rules of 2003: they would let another site in."""
    assert Settings(base_url=typed).base_url == parse_frame_ancestors(typed) == NAMES[typed]
    assert parse_frame_ancestors(typed.replace("//", "//*.") + ":8443") == NAMES[typed].replace("//", "//*.") + ":8443"


@pytest.mark.parametrize(
    "typed", ["https://ü..example", "https://wall..example", f"https://{'ü' * 70}.de", "https://\ufffd.de"]
)
def test_names_that_cannot_be_are_refused(typed: str) -> None:
    with pytest.raises(InvalidOrigin):
        parse_frame_ancestors(typed)
    with pytest.raises(ConfigurationError):
        Settings(base_url=typed)


def test_networks_that_cannot_be_are_refused() -> None:
    for networks in ("10.0.0.0/40", "home", "10.0.0.1-10.0.0.9", "*, 10.0.0.0/8"):
        with pytest.raises(ConfigurationError, match="PROXY_NETWORKS"):
            Settings(proxy_networks=networks)
    for hsts in ("on", "max-age", "max-age=1\r\nX: y", "max-age=1; evil"):
        with pytest.raises(ConfigurationError, match="HSTS"):
            Settings(hsts=hsts)


def test_what_was_signed_with_sha_1_is_still_known() -> None:
    """It is signed with SHA-256 now."""
    keys, at = Keys(lambda _: (KEY,)), datetime.now(UTC)
    before = URLSafeSerializer(KEY, salt="composer").dumps([1, int(at.timestamp()) // 3600])
    assert FormTokens(keys).is_good(before, 1, at)
    made = FormTokens(keys).make(1, at)
    assert (made == before, len(made.rsplit(".", 1)[1])) == (False, 43)
    receipt = URLSafeSerializer(KEY, salt="receipt").dumps([1, 7])
    assert AuthorTokens(keys).read([receipt], 1) == {7: receipt}
    # In its middle: the last letter of a signature has bits that mean nothing.
    assert not FormTokens(keys).is_good(before[:-9] + ("A" if before[-9] != "A" else "B") + before[-8:], 1, at)


def test_nothing_tells_anybody_to_install_a_name_that_is_not_ours() -> None:
    """The program is on no index: who took the name there would run code on every machine that followed it."""
    files = [
        each for folder in ("feedback_app", "deploy", "docs", "templates") for each in (ROOT / folder).rglob("*.*")
    ]
    for file in [*files, *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "deploy" / "Dockerfile"]:
        if file.is_file() and file.suffix not in (".png", ".pyc", ".mo"):
            assert not re.search(
                r"(pip|pipx|uv tool) install [^\n`]*feedback-app(?!\.)(\[|['\" \n`]|$)", file.read_text()
            ), file
