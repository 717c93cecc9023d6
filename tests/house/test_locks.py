"""The lock files are complete, hashed, free of addresses, and agree with pyproject.toml."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from .. import ROOT

RUNTIME = "requirements.lock"
DEVELOPMENT = "requirements-dev.lock"
PYTHONS = ("3.11", "3.12", "3.13")


def entries(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Each pin of a lock file, with its hashes."""
    lines = [line.strip() for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()]
    text = "\n".join(line for line in lines if line and not line.startswith("#")).replace("\\\n", "")
    found = []
    for line in text.splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", line)
        found.append((Requirement(requirement), hashes))
    return found


def pins(lock: str, python: str) -> dict[str, Version]:
    """What the lock file installs on Linux with one version of Python."""
    environment = {str(key): str(value) for key, value in default_environment().items()}
    environment |= {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_python_implementation": "CPython",
    }
    found: dict[str, Version] = {}
    for requirement, _ in entries(lock):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{lock} pins {name} twice for Python {python}"
            (specifier,) = requirement.specifier
            found[name] = Version(specifier.version)
    return found


def declared(*, development: bool) -> list[Requirement]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    lines = list(project["project"]["dependencies"])
    if development:
        lines += project["dependency-groups"]["dev"]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT])
def test_no_lock_names_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"\w+://|^\s*-(i|f|-\S*(index|find-links)\S*)\b", text, flags=re.MULTILINE)


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT])
def test_every_pin_is_exact_and_hashed(lock: str) -> None:
    found = entries(lock)
    assert len(found) > 10
    for requirement, hashes in found:
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), requirement


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("lock", "development"), [(RUNTIME, False), (DEVELOPMENT, False), (DEVELOPMENT, True)])
def test_a_lock_pins_every_declared_dependency_inside_its_range(lock: str, development: bool, python: str) -> None:
    pinned = pins(lock, python)
    for requirement in declared(development=development):
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{lock} lacks {name} on Python {python}: run make lock"
        assert pinned[name] in requirement.specifier, f"{lock} has {name} {pinned[name]}: run make lock"


@pytest.mark.parametrize("python", PYTHONS)
def test_the_two_locks_agree(python: str) -> None:
    runtime = pins(RUNTIME, python)
    development = pins(DEVELOPMENT, python)
    assert {name: development.get(name) for name in runtime} == runtime
