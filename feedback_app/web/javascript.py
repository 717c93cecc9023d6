"""Bundles ES modules into one file, for modules that keep to a few rules.

A file imports names from another (`import {a, b} from './x.js';`) or only runs it (`import './x.js';`), each on a line
of its own; it exports declarations where they are made. There is no default export, no renaming and no circle. No file
declares a name at its top level that another file of the same bundle declares: joined, they share one scope.
"""

import re
from pathlib import Path

import rjsmin

IMPORT = re.compile(r"^import (?:\{([^}]*)\} from )?'(\.{1,2}/[^']+)';\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let) )", re.MULTILINE)
# A string, or a brace with the semicolon before it and the line end after it, which the minifier leaves.
BRACE = re.compile(r"""('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|;?}\n?""")


class NotJoinable(Exception):
    """A module breaks one of the rules above."""


def modules(entry: Path) -> list[Path]:
    """The file and its imports, in the order of evaluation: each module follows its own imports.

    Raises `NotJoinable` for modules that import each other.
    """
    found: list[Path] = []

    def visit(path: Path, importers: tuple[Path, ...]) -> None:
        if path in importers:
            raise NotJoinable(f"{path} imports itself, by way of {importers[-1].name}.")
        if path in found:
            return
        for _, address in IMPORT.findall(path.read_text()):
            visit((path.parent / address).resolve(), (*importers, path))
        found.append(path)

    visit(entry.resolve(), ())
    return found


def script(entry: Path) -> str:
    """The bundle of `entry` as a classic script without globals. A module would not load in a sandboxed frame.

    Raises `NotJoinable` for modules that break a rule.
    """
    return minified(f"(() => {{\n'use strict';\n{''.join(_body(path) for path in modules(entry))}}})();\n")


def module(entry: Path) -> str:
    """The bundle of `entry` as one module with the exports of `entry`.

    Raises `NotJoinable` for modules that break a rule.
    """
    *others, last = modules(entry)
    return minified("".join(_body(path) for path in others) + IMPORT.sub("", last.read_text()))


def minified(text: str) -> str:
    """The script without comments, and without the spaces, line ends and semicolons that no browser needs."""
    return BRACE.sub(lambda match: match[1] or "}", rjsmin.jsmin(text))


def _body(path: Path) -> str:
    text = EXPORT.sub("", IMPORT.sub("", path.read_text()))
    if re.search(r"^(?:import|export)\b", text, re.MULTILINE):
        raise NotJoinable(f"{path} has an import or export of another kind.")
    return text
