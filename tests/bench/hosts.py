"""A wall on other people's pages, in three browsers: `python -m tests.bench.hosts` (`make bench-hosts`).

Checks that it is shown, that its frame has the height of its content (or scrolls if the host prevents that), and that
the host's console stays empty.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from feedback_app.clock import now

from ..browser.conftest import serving
from ..browser.host_pages import Host
from .browsers import BROWSERS, Browser

SCRIPT = '<script src="{0}/embed.js" data-wall="main" async></script>'
LOADER = '<script src="{0}/embed.js" async></script>'
ELEMENT = LOADER + '<feedback-wall wall="main"></feedback-wall>'
BARE = '<iframe src="{0}/walls/main/frame" style="width:100%;height:300px"></iframe>'
STRICT = (
    "default-src 'none'; script-src {0}; frame-src {0}; style-src 'unsafe-inline'; img-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
SHADOW = (
    "<site-box></site-box><script>customElements.define('site-box',class extends HTMLElement{{connectedCallback(){{"
    "this.attachShadow({{mode:'open'}}).innerHTML='<feedback-wall wall=main></feedback-wall>'}}}})</script>"
)
# HTML of a host, and the expected result: "fits", "scrolls", or "sentence" without a wall.
HOSTS: dict[str, tuple[str, str]] = {
    "a line of script": (SCRIPT, "fits"),
    "an element": (ELEMENT, "fits"),
    "an element with words inside": (ELEMENT.replace("></feed", "><p>Wait</p></feed"), "fits"),
    "script in the head": (f"<head>{SCRIPT}</head>", "fits"),
    "a module": (SCRIPT.replace("async", 'type="module"'), "fits"),
    "import()": (ELEMENT.removeprefix(LOADER) + '<script type="module">import("{0}/embed.js")</script>', "fits"),
    "in a shadow root": (LOADER + SHADOW, "fits"),
    "bare frame": (BARE, "scrolls"),
    "bare frame and loader": (BARE + LOADER, "fits"),
    "bare frame, bounded": ("<style>iframe{{max-height:300px}}</style>" + BARE + LOADER, "scrolls"),
    "bare frame, sandboxed": (BARE.replace("<iframe", '<iframe sandbox="allow-scripts allow-forms"'), "scrolls"),
    "script, host bounds frames": ("<style>iframe{{max-height:300px!important;padding:9px}}</style>" + SCRIPT, "fits"),
    "script, dark page": ("<style>body{{background:#0d1b2a}}</style>" + SCRIPT, "fits"),
    "script, right to left": ('<html dir="rtl">' + SCRIPT, "fits"),
    "script, zoomed, half pixels": ('<div style="zoom:1.1;width:400.3px">' + SCRIPT + "</div>", "fits"),
    "script, strict policy": (SCRIPT, "fits"),
    "element, cross-origin isolated": (ELEMENT, "fits"),
    "script, no such wall": (SCRIPT.replace("main", "none"), "sentence"),
    "bare frame, no such wall": (BARE.replace("main", "none"), "sentence"),
}  # fmt: skip
HEADERS = {"script, strict policy": {"Content-Security-Policy": STRICT}, "element, cross-origin isolated": ISOLATED}
INSIDE = """(() => {
  const root = document.documentElement, missing = root.getBoundingClientRect().height - innerHeight;
  const isFixed = getComputedStyle(root).overflowY === 'hidden';
  return {entries: document.querySelectorAll('article').length, sentence: !!document.querySelector('.error__sentence'),
    is: missing < -1 ? 'taller' : missing <= 1 ? 'fits' : isFixed ? 'cut off' : 'scrolls'};
})()"""
SECONDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-hosts", description=__doc__)
    parser.add_argument("--browsers", nargs="+", choices=BROWSERS, default=list(BROWSERS))
    parser.add_argument("--entries", type=int, default=12, help="how many are on the wall")
    options = parser.parse_args()
    there = {name: start for name, (path, start) in BROWSERS.items() if name in options.browsers and path}
    print(f"{now():%Y-%m-%d %H:%M} UTC, make bench-hosts ARGS={' '.join(sys.argv[1:])!r}")
    for name in set(options.browsers) - set(there):
        print(f"{name} is not installed.")
    rows: dict[str, list[str]] = {name: [] for name in HOSTS}
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home) / "data", FEEDBACK_POST_LIMIT="", FEEDBACK_LOG="off") as wall,
    ):
        for number in range(options.entries):
            wall.post(f"Person {number}", f"Entry {number}\n\nwith lines")
        host = Host(Path(home) / "host")
        try:
            for start in there.values():
                with start() as browser:
                    for name, row in rows.items():
                        row.append(_look(browser, host, name, wall.url, options.entries))
        finally:
            host.close()
    print(f"{'':32}" + "".join(f"{name:>22}" for name in there))
    for name, row in rows.items():
        print(f"{name:32}" + "".join(f"{each:>22}" for each in row))


def _look(browser: Browser, host: Host, name: str, wall: str, entries: int) -> str:
    """The result, and the first console message, or `clean`."""
    html, wanted = HOSTS[name]
    headers = {key: value.format(wall) for key, value in HEADERS.get(name, {}).items()}
    browser.open(host.publish(html.format(wall), headers).replace("host.test", "localhost"))
    outcome, end = "not shown", time.monotonic() + SECONDS
    while outcome != wanted and time.monotonic() < end:
        time.sleep(0.2)
        outcome = _outcome(browser.look(INSIDE), entries)
    if browser.console is None:
        return f"{outcome}, ?"
    # Browsers log a 404 themselves.
    messages = [each for each in browser.console if wanted != "sentence" or "404" not in each]
    return f"{outcome}, {'clean' if not messages else messages[0][:60]}"


def _outcome(found: dict[str, Any] | None, entries: int) -> str:
    """The state of a frame: a sentence, or the number of its entries and whether all can be read."""
    if not isinstance(found, dict):
        return "not shown"
    if found["sentence"]:
        return "sentence"
    return str(found["is"]) if found["entries"] == entries else "not shown"


if __name__ == "__main__":
    main()
