"""The vendored browser libraries are the files their README says they are."""

from __future__ import annotations

import hashlib
import re

from .. import ROOT

VENDOR = ROOT / "static" / "vendor"
README = (VENDOR / "README.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| `([^`]+)` \| `[^`]+` \| `([0-9a-f]{96})` \|$", README, flags=re.MULTILINE))


def test_the_table_names_every_vendored_file() -> None:
    assert set(TABLE) == {path.name for path in VENDOR.iterdir()} - {"README.md"}
    assert {"htmx.min.js", "hx-sse.min.js"} <= set(TABLE)


def test_every_file_has_its_published_content() -> None:
    assert {name: hashlib.sha384((VENDOR / name).read_bytes()).hexdigest() for name in TABLE} == TABLE


def test_htmx_says_the_version_that_the_readme_names() -> None:
    named = re.search(r"version (\d+\.\d+\.\d+)", README)
    said = re.search(r'\.version="([^"]+)"', (VENDOR / "htmx.min.js").read_text(encoding="utf-8"))
    assert named
    assert said
    assert named[1] == said[1] == "4.0.1"


def test_no_file_makes_a_browser_ask_for_a_source_map() -> None:
    for name in TABLE:
        assert b"sourceMappingURL" not in (VENDOR / name).read_bytes(), name
