"""Lighthouse scores of the wall's page and frame on a phone: `python -m tests.bench.lighthouse`
(`make bench-lighthouse`). `npx` downloads Lighthouse the first time.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from feedback_app.clock import now

from ..browser.conftest import CHROMIUM, MISSING, serving
from .screen import TEXTS

# The latest version for Node.js 20.
LIGHTHOUSE = "lighthouse@12.8.2"
# It would wait 45 seconds for the stream to end.
FLAGS = ("--max-wait-for-load=10000", "--chrome-flags=--headless=new --no-sandbox --disable-gpu")
SCORES = {"performance": "speed", "accessibility": "access", "best-practices": "practices", "seo": "search"}
MARKS = {"largest-contentful-paint": "LCP ms", "total-blocking-time": "TBT ms", "cumulative-layout-shift": "CLS"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-lighthouse", description=__doc__)
    parser.add_argument("--entries", type=int, default=42, help="how many are on the wall")
    parser.add_argument("--turns", type=int, default=5, help="how often each page is looked at; the medians are shown")
    options = parser.parse_args()
    if CHROMIUM is None:
        sys.exit(MISSING)
    if shutil.which("npx") is None:
        sys.exit("Lighthouse runs on Node.js, which is not installed (on Debian: apt-get install npm).")

    print(f"{now():%Y-%m-%d %H:%M} UTC, make bench-lighthouse ARGS={' '.join(sys.argv[1:])!r}, {LIGHTHOUSE}")
    print(f"{options.entries} entries, mobile, medians of {options.turns}\n")
    print("".join([f"{'':7}", *(f"{name:>11}" for name in (*SCORES.values(), *MARKS.values()))]))
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home) / "data", FEEDBACK_POST_LIMIT="", FEEDBACK_LOG="off") as wall,
    ):
        for number in range(options.entries):
            wall.post(f"Person {number % 40}", TEXTS[number % len(TEXTS)])
        for name, address in {"wall": wall.page, "frame": f"{wall.page}/frame"}.items():
            seen = [_look_at(address, Path(home) / "report.json") for _ in range(options.turns)]
            found = [median(each["categories"][score]["score"] * 100 for each in seen) for score in SCORES]
            found += [median(each["audits"][mark]["numericValue"] for each in seen) for mark in MARKS]
            print("".join([f"{name:7}", *(f"{value:11.4g}" for value in found)]), flush=True)
            _complain(seen[-1])


def _look_at(address: str, report: Path) -> dict[str, Any]:
    command = ["npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--output-path={report}", *FLAGS]
    subprocess.run(command, env={**os.environ, "CHROME_PATH": str(CHROMIUM)}, check=True)
    seen: dict[str, Any] = json.loads(report.read_text())
    return seen


def _complain(seen: dict[str, Any]) -> None:
    """Print the audits that cost points."""
    for score in SCORES:
        for weighed in seen["categories"][score]["auditRefs"]:
            audit = seen["audits"][weighed["id"]]
            if weighed["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                print(f"{'':7}{SCORES[score]}: {audit['title']} {audit.get('displayValue', '')}".rstrip())


if __name__ == "__main__":
    main()
