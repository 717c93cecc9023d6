"""The documents are true, short, linked, and written in sentences that a person reads once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from feedback_app import __version__, cli
from feedback_app.config import PREFIX, Settings

from .. import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
# What people read to use the program or to work on it; the changelog is a list, and has no average.
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *PAGES]
ALL = [*PROSE, ROOT / "CHANGELOG.md"]
MEAN_WORDS, MOST_WORDS = 18, 35
DIALECT = ("whoever", "anew", "in vain", "let go of", "taken in", "as it came")

FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
SOURCE = re.compile(r"""<(?:img|a)\b[^>]*?(?:src|href)="([^"]+)""")
ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+")
# A full stop that is followed by another sentence; one in `0.14` or `e.g.` is not.
END = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!etc)[.!?][)”\"'*_]*(?=\s+[^a-z\s])")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks_of(text: str) -> Iterator[str]:
    """Paragraphs, list items and table cells, each on one line, without code, comments, images and link targets."""
    text = COMMENT.sub("", FENCE.sub("\n\n", text))
    text = LINK.sub(r"\1", IMAGE.sub("", INLINE_CODE.sub("Code", text)))
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        plain = re.sub(r"<[^>]+>", "", line).strip().removeprefix("> ")
        is_table, is_heading = plain.startswith("|"), plain.startswith("#")
        if block and (not plain or is_table or is_heading or ITEM.match(line)):
            yield " ".join(block)
            block = []
        if is_table and not re.fullmatch(r"[|:\s-]+", plain):
            yield from (cell.strip() for cell in re.split(r"(?<!\\)\|", plain) if cell.strip())
        elif plain and not is_table and not is_heading:
            block.append(ITEM.sub("", plain))


def sentences_of(text: str) -> Iterator[str]:
    """What has a full stop, a question mark or a colon at its end; a label in a table is no sentence."""
    for block in blocks_of(text):
        ends = [match.end() for match in END.finditer(block)]
        for start, end in zip([0, *ends], [*ends, len(block)], strict=True):
            sentence = block[start:end].strip()
            if re.search(r"[.!?:][)”\"'*_]*$", sentence) or words_in(sentence) > MOST_WORDS:
                yield sentence


def words_in(sentence: str) -> int:
    return sum(any(each.isalnum() for each in word) for word in sentence.split())


def anchors_of(path: Path) -> set[str]:
    """The ids that GitHub gives to headings."""
    headings = re.findall(r"^#+ +(.+?) *#*$", FENCE.sub("", path.read_text()), re.MULTILINE)
    anchors: set[str] = set()
    for heading in headings:
        plain = LINK.sub(r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        repeats = sum(each == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", each) is not None for each in anchors)
        anchors.add(f"{slug}-{repeats}" if repeats else slug)
    return anchors


def dead_links(path: Path, text: str) -> Iterator[str]:
    plain = COMMENT.sub("", FENCE.sub("", text))
    plain = re.sub(r"`[^`\n]*`", "", plain)
    for target in [match[1] for match in LINK.findall(plain)] + SOURCE.findall(plain):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.exists() or (anchor and anchor not in anchors_of(found)):
            yield target


def test_sentences_are_told_apart() -> None:
    text = """
# A heading is none

One sentence with `code. In it`. Another one, at 0.14 ms: it goes on
over a line? [A link. With](https://a.example/b.c?d) words!

- An item without an end
- An item with one.

| name | meaning |
|---|---|
| label | Is a sentence. |

```sh
Not. This. One.
```
"""
    assert list(sentences_of(text)) == [
        "One sentence with Code.",
        "Another one, at 0.14 ms: it goes on over a line?",
        "A link.",
        "With words!",
        "An item with one.",
        "Is a sentence.",
    ]
    assert words_in("One — two, `three` four-five.") == 4


def test_a_dead_link_is_found() -> None:
    text = "[a](README.md) [b](gone.md) [c](docs/settings.md#settings) [d](#no-such-heading) [e](https://example.com/)"
    assert list(dead_links(ROOT / "README.md", text)) == ["gone.md", "#no-such-heading"]


def test_sentences_are_short() -> None:
    long = [
        f"{name_of(path)}: {sentence}"
        for path in ALL
        for sentence in sentences_of(path.read_text())
        if words_in(sentence) > MOST_WORDS
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("path", PROSE, ids=name_of)
def test_a_document_has_few_words_a_sentence(path: Path) -> None:
    counts = [words_in(sentence) for sentence in sentences_of(path.read_text())]
    assert sum(counts) <= MEAN_WORDS * max(len(counts), 1), sum(counts) / len(counts)


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_documents_speak_no_dialect(path: Path) -> None:
    text = " ".join(blocks_of(path.read_text())).lower()
    assert [each for each in DIALECT if re.search(rf"\b{each}\b", text)] == []


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    assert list(dead_links(path, path.read_text())) == []


def test_the_index_links_every_page() -> None:
    text = (DOCS / "README.md").read_text()
    linked = {(DOCS / target.partition("#")[0]).resolve() for _, target in LINK.findall(text)}
    assert {name_of(path) for path in PAGES} - {"docs/README.md"} <= {name_of(path) for path in linked if path.exists()}


@pytest.mark.parametrize(("name", "most"), [("README.md", 100), ("CONTRIBUTING.md", 80)])
def test_what_is_read_first_is_short(name: str, most: int) -> None:
    assert len((ROOT / name).read_text().splitlines()) <= most


@pytest.mark.parametrize("path", sorted((DOCS / "decisions").glob("*.md")), ids=name_of)
def test_a_decision_is_a_page_with_four_parts(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 40
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Cost",
        "What would change our mind",
    ]


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_every_command_that_is_named_exists(path: Path) -> None:
    text = path.read_text()
    # In code only: prose may make sure of something.
    code = "\n".join([match[0] for match in FENCE.finditer(text)] + [m[0] for m in INLINE_CODE.finditer(text)])
    targets = set(re.findall(r"^([a-z0-9][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", code)) <= targets
    named = re.findall(r"(?:\bfeedback-app|-m feedback_app) ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", code)
    context = click.Context(cli.commands)
    for name, sub in named:
        command = cli.commands.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group) and sub:
            assert sub in command.commands, f"{name} {sub}"


def test_the_documents_name_every_setting_with_its_default_and_meaning() -> None:
    table = (DOCS / "settings.md").read_text()
    for setting in fields(Settings):
        default = {True: "on", "": "*(empty)*"}.get(setting.default, str(setting.default))  # type: ignore[call-overload]
        default = default if default.startswith("*") else f"`{default}`"
        assert f"| `{PREFIX}{setting.name.upper()}` | {default} | " in table, setting.name


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    known = {f"{PREFIX}{setting.name.upper()}" for setting in fields(Settings)} | {f"{PREFIX}COPY_TO"}
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", path.read_text()))
    assert {each for each in named if not each.startswith(f"{PREFIX}TEST_")} <= known


def test_the_documents_name_every_command() -> None:
    text = (DOCS / "commands.md").read_text()
    context = click.Context(cli.commands)
    for name, (_, sentence) in cli.COMMANDS.items():
        command = cli.commands.get_command(context, name)
        assert command is not None
        assert command.hidden or f"feedback-app {name}" in text, name
        assert command.hidden is not bool(sentence)
        assert (command.help or "").replace("\n", " ").startswith(sentence), name


def test_the_documents_name_every_option_of_every_command() -> None:
    text = (DOCS / "commands.md").read_text()
    context = click.Context(cli.commands)
    for name in cli.COMMANDS:
        command = cli.commands.get_command(context, name)
        assert command is not None
        for each in command.commands.values() if isinstance(command, click.Group) else [command]:
            options = [opt for param in each.params if isinstance(param, click.Option) for opt in param.opts]
            assert command.hidden or [option for option in options if f"{option}" not in text] == [], each.name


def test_the_documents_say_why_each_dependency_is_there() -> None:
    text = (DOCS / "dependencies.md").read_text().lower()
    section = (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("]\n")[0]
    for name in re.findall(r'^\s+"([a-z0-9-]+)', section, re.MULTILINE):
        assert f"*{name}*" in text, name


def test_the_architecture_names_files_that_exist_and_ten_short_ones_to_begin_with() -> None:
    text = (DOCS / "architecture.md").read_text()
    if "<!-- paths: new layout -->" in text:
        pytest.skip("The page names files of the layout to come; take its first line out when they are there.")
    named = set(re.findall(r"`([a-z_/]+\.py)`", text))
    assert [each for each in sorted(named) if not (ROOT / "feedback_app" / each).exists()] == []
    first = re.findall(r"^\d+\. `([a-z_/]+\.py)`: ", text.partition("## Ten files")[2], re.MULTILINE)
    assert len(first) == 10
    assert sum(len((ROOT / "feedback_app" / each).read_text().splitlines()) for each in first) < 1500


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## (.+)$", text, re.MULTILINE)
    released = [each for each in releases if each != "[Unreleased]"]
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each) for each in released), released
    assert released[0].startswith(f"[{__version__}] - ")
    groups = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert groups <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_pictures_of_the_documents_are_small() -> None:
    pictures = sorted(DOCS.glob("*.png"))
    assert {"wall-light.png", "wall-dark-phone.png", "queue.png"} <= {path.name for path in pictures}
    assert [path.name for path in pictures if path.stat().st_size >= 250_000] == []
