"""Docstrings give what a name cannot: here, the exceptions that a caller has to expect."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from .. import ROOT

PACKAGE = ROOT / "feedback_app"
Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def functions_of(tree: ast.Module | ast.ClassDef) -> Iterator[tuple[str, Function]]:
    """Public functions and methods that are not nested in a function, as (qualified name, node)."""
    for node in tree.body:
        if isinstance(node, FUNCTIONS) and not node.name.startswith("_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from ((f"{node.name}.{name}", function) for name, function in functions_of(node))


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of the body, without those of nested functions and classes."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, SCOPES):
            yield child
            yield from own_nodes(child)


def class_names(node: ast.expr | None) -> set[str]:
    """The classes in `raise X`, `raise a.X(...)` or `except (X, Y)`; names in lower case are no classes."""
    if isinstance(node, ast.Tuple):
        return {name for each in node.elts for name in class_names(each)}
    if isinstance(node, ast.Call):
        return class_names(node.func)
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return {name} if name[:1].isupper() else set()


def unnamed_exceptions(function: Function) -> set[str]:
    """The classes that the function raises and does not catch, and that its docstring does not name."""
    nodes = list(own_nodes(function))
    raised = {name for node in nodes if isinstance(node, ast.Raise) for name in class_names(node.exc)}
    caught = {name for node in nodes if isinstance(node, ast.ExceptHandler) for name in class_names(node.type)}
    docstring = ast.get_docstring(function) or ""
    return {name for name in raised - caught - {"NotImplementedError"} if name not in docstring}


PATHS = [path for path in sorted(PACKAGE.rglob("*.py")) if not {"bench", "migrations"} & set(path.parts)]


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_docstrings_name_the_exceptions_that_are_raised(path: Path) -> None:
    found = {
        name: unnamed
        for name, function in functions_of(ast.parse(path.read_text()))
        if (unnamed := unnamed_exceptions(function))
    }
    assert found == {}


def test_the_check_finds_what_a_docstring_leaves_out() -> None:
    source = '''
class Shop:
    def sell(self, number):
        """Raises SoldOut."""
        try:
            raise Waiting
        except Waiting:
            raise SoldOut from None
        if number < 0:
            raise errors.Unknown(number)

        def nested():
            raise Nested

    def _hidden(self):
        raise Hidden
'''
    assert {name: unnamed_exceptions(each) for name, each in functions_of(ast.parse(source))} == {
        "Shop.sell": {"Unknown"}
    }
