"""The tests: a folder for each room of the package, `browser` for what needs Chromium, `support` for what is shared."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
