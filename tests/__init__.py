"""The tests: a folder per room of the package, `browser` for tests in Chromium, `support` for shared code."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
