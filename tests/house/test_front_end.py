"""Scripts, style sheets and templates: each file is short and right by itself, and the joined scripts fit together."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from feedback_app.web import assets, javascript

from .. import ROOT

JS = ROOT / "static" / "js"
FILES = sorted(JS.rglob("*.js"))
STYLES = sorted((ROOT / "static" / "css").rglob("*.css"))
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.is_file())
BUNDLES = sorted(JS.glob("*.js"))
# Strings, templates, regular expressions and comments.
TEXT = re.compile(
    r"""/\*.*?\*/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|(?<=[(=:!&|?])\s*/(?:[^/\\\n]|\\.)+/[a-z]*""", re.DOTALL
)
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (.*)", re.MULTILINE)
LONGEST_SCRIPT, LONGEST_LINE = 120, 140


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def declarations(text: str) -> list[str]:
    """The names that a script declares at its top level."""
    found = []
    for line in DECLARED.findall(TEXT.sub("''", text)):
        while line != (line := re.sub(r"\([^()]*\)|\[[^][]*\]|(?<!^)\{[^{}]*\}", "", line)):
            pass
        found += [re.match(r"[\w$]+", each.strip())[0] for each in line.split(",") if re.match(r"[\w$]+", each.strip())]  # type: ignore[index]
    return found


def exports(text: str) -> set[str]:
    return set(declarations("\n".join(line for line in text.splitlines() if line.startswith("export "))))


def words_of(path: Path) -> tuple[set[str], set[str]]:
    """The words of a script that are no property, key or text; and those that it declares inside of a function."""
    code = TEXT.sub("''", javascript.IMPORT.sub("", path.read_text())).replace("...", " ")
    inside = re.findall(
        r"\n +[^\n]*?\b(?:const|let) ([^;]*?)(?: =|;| of)|(?<!if )(?<!for )\(([^()]*)\)(?: =>| \{)|([\w$]+) =>", code
    )
    local = set(re.findall(r"[\w$]+", " ".join(" ".join(found) for found in inside)))
    return set(re.findall(r"(?<![\w$.#])[A-Za-z_$][\w$]*\b(?!:)", code)), local


def exported_elsewhere(path: Path) -> set[str]:
    """What other files of its bundles export: when these are joined, it could use that without an import."""
    bundles = [javascript.modules(bundle) for bundle in BUNDLES]
    others = {each for bundle in bundles if path in bundle for each in bundle} - {path}
    return {exported for each in others for exported in exports(each.read_text())}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_script_is_short_and_no_wider_than_a_screen(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= LONGEST_SCRIPT
    assert lines[0].startswith("/* "), "The first line says what it does."


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_script_imports_what_it_uses_from_files_that_export_it(path: Path) -> None:
    text = path.read_text()
    imported = set()
    for names, address in javascript.IMPORT.findall(text):
        wanted = {each.strip() for each in names.split(",") if each.strip()}
        assert wanted <= exports((path.parent / address).read_text()), address
        imported |= wanted
    used, local = words_of(path)
    assert imported <= used, "It imports names that it does not use."
    foreign = (used - local) & exported_elsewhere(path)
    assert foreign - imported - set(declarations(text)) == set(), "It uses names that it does not import."


@pytest.mark.parametrize("path", BUNDLES, ids=name)
def test_the_files_of_a_bundle_declare_different_names(path: Path) -> None:
    """They share one scope: a name that two of them declare would be one."""
    owners: dict[str, Path] = {}
    for each in javascript.modules(path):
        for declared in declarations(each.read_text()):
            assert owners.setdefault(declared, each) == each, f"{declared} is declared in {owners[declared]} as well."
            assert len(declarations(f"const {declared} = 1;")) == 1


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed.")
@pytest.mark.parametrize("bundle", sorted(each.name for each in BUNDLES))
def test_a_served_script_can_be_parsed(bundle: str) -> None:
    """As a module, which refuses more than a script; what is taken out of it between two statements is not missed."""
    content = assets.assets().by_name[bundle].content
    done = subprocess.run(
        ["node", "--check", "--input-type=module", "-"], input=content, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_every_script_is_served_or_part_of_one_that_is() -> None:
    assert {path.name for path in BUNDLES} == {
        *assets.WITH_HTMX, *assets.SCRIPTS, *assets.MODULES, *assets.ELEMENTS,
    }  # fmt: skip
    assert {each for path in BUNDLES for each in javascript.modules(path)} == set(FILES)


def test_modules_that_do_not_follow_the_rules_cannot_be_joined(tmp_path: Path) -> None:
    one, other = tmp_path / "one.js", tmp_path / "other.js"
    one.write_text("import {b} from './other.js';\nexport const a = b;\n")
    for text, reason in (
        ("import {a} from './one.js';\nexport const b = a;\n", "imports itself"),
        ("const b = 1;\nexport {b};\n", "another kind"),
        ("import b from './x.js'\n", "another kind"),
    ):
        other.write_text(text)
        with pytest.raises(javascript.NotJoinable, match=reason):
            javascript.script(one)


def test_joined_modules_are_one_script_in_the_order_of_their_imports(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("/* A. */\nexport const a = '}\\n';\nexport function f() { return a; }\n")
    (tmp_path / "b.js").write_text("import {f} from './a.js';\n\nexport let b = f();\n")
    (tmp_path / "c.js").write_text("import './a.js';\nimport {b} from './b.js';\nexport function begin() { b; }\n")
    assert javascript.script(tmp_path / "b.js") == (
        "(()=>{'use strict';const a='}\\n';function f(){return a}let b=f()})();"
    )
    assert javascript.module(tmp_path / "c.js") == (
        "const a='}\\n';function f(){return a}let b=f();export function begin(){b}"
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_line_of_a_template_is_longer_than_a_screen(path: Path) -> None:
    assert max(map(len, path.read_text().splitlines())) <= LONGEST_LINE


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_a_style_sheet_has_one_declaration_a_line(path: Path) -> None:
    for line in re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).splitlines():
        assert line.count(";") <= 1, line
        assert not re.search(r";\s*\S", line) or re.search(r";\s*\}$", line), line
