"""Compares our server with others in one run: `python -m tests.bench.peers` (`make bench-peers`).

nginx with nchan broadcasts. Isso, and Flask with Flask-SQLAlchemy as in a tutorial, serve pages and posts. These two
run one process, like ours, as their documents recommend. Both use SQLite's defaults (journal mode delete, synchronous
full), so their posts are durable, as ours are. Isso's rate limit is off, while ours are on.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from feedback_app.bench.alternating import Author, in_turns
from feedback_app.bench.environment import TEXT, Ground, Server, allow_listeners
from feedback_app.bench.measurements import RAW_POST
from feedback_app.bench.quantiles import Quantiles

from .. import ROOT

PEERS = ROOT / ".bench-peers" / "bin"
ENTRIES = 50
VISITORS = 64
# nchan's overhead per message.
NCHAN_FRAME = 25
NCHAN = """
load_module {modules}/ngx_nchan_module.so;
daemon off; worker_processes 1; worker_rlimit_nofile {files}; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections {files}; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fast;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; nchan_max_reserved_memory 256M;
  server {{
    listen 127.0.0.1:{port} backlog=2048;
    location = /walls/main/live {{ nchan_subscriber eventsource; nchan_channel_id main;
      nchan_subscriber_first_message newest; }}
    location = /news {{ nchan_publisher; nchan_channel_id main; }}
  }}
}}
"""
ISSO = "[general]\ndbpath = {folder}/isso.db\nhost = http://127.0.0.1:{port}\n[guard]\nenabled = false\n"
FLASK = '''
"""A wall as in a Flask tutorial."""
from flask import Flask, redirect, render_template_string, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///{folder}/flask.db"
db = SQLAlchemy(app)
PAGE = """<!doctype html><title>Wall</title><form method="post"><input name="name"><textarea name="text"></textarea>
</form><ul>{{% for each in entries %}}<li><b>{{{{ each.name }}}}</b> {{{{ each.text }}}}</li>{{% endfor %}}</ul>"""

class Entry(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), nullable=False)
    text = db.Column(db.Text, nullable=False)

with app.app_context():
    db.create_all()

@app.get("/")
def show():
    return render_template_string(PAGE, entries=Entry.query.order_by(Entry.id.desc()).limit(50).all())

@app.post("/")
def write():
    db.session.add(Entry(name=request.form["name"], text=request.form["text"]))
    db.session.commit()
    return redirect("/")
'''


MODULES = ("/usr/lib/nginx/modules", "/usr/share/nginx/modules")
OURS = "feedback-app"
ISSO_NAME, FLASK_NAME, NCHAN_NAME = "Isso 0.14, gunicorn, gevent", "Flask, gunicorn, threads", "nginx, nchan"


class Peer(NamedTuple):
    """A server: its port, and its requests for a list and a post (with a placeholder for a key)."""

    port: int
    read: str
    write: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--turns", type=int, default=5, help="how often each is asked; the medians are shown")
    parser.add_argument("--rounds", type=int, default=2, help="how often news is told in one turn")
    wanted = parser.parse_args()
    absent = missing_peers()
    for name, why in absent.items():
        print(f"{name} is left out: {why}", flush=True)
    allow_listeners(wanted.listeners)
    with tempfile.TemporaryDirectory(prefix=".bench-peers-", dir=ROOT) as name:
        folder = Path(name)
        folder.chmod(0o755)
        ground = Ground(folder, wanted.listeners)
        ground.trust_forwarded_addresses()
        try:
            _requests(ground, folder, wanted.seconds, wanted.turns, absent)
            _news(ground, folder, wanted.listeners, wanted.rounds, wanted.turns, absent)
        finally:
            ground.close()


def missing_peers() -> dict[str, str]:
    """The servers that cannot run here, each with the remedy."""
    absent = {}
    for name, program in {ISSO_NAME: "isso", FLASK_NAME: "flask"}.items():
        lacking = [each for each in ("gunicorn", program) if not (PEERS / each).exists()]
        if lacking:
            absent[name] = f"{' and '.join(lacking)} are not in .bench-peers (make .bench-peers/.made installs them)."
    if shutil.which(_nginx()) is None:
        absent[NCHAN_NAME] = "nginx is not installed (on Debian: apt-get install nginx libnginx-mod-nchan)."
    elif not _nchan_module().exists():
        absent[NCHAN_NAME] = "nginx has no module nchan (on Debian: apt-get install libnginx-mod-nchan)."
    return absent


def _nginx() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


def _nchan_module() -> Path:
    found = (Path(folder) / "ngx_nchan_module.so" for folder in MODULES)
    return next((each for each in found if each.exists()), Path(MODULES[0]) / "ngx_nchan_module.so")


def _requests(ground: Ground, folder: Path, seconds: float, repeats: int, absent: Collection[str]) -> None:
    """Measure all servers in turns, first reads and then posts; the others are idle meanwhile."""
    wall = ground.serve()
    get = f"GET /walls/main/feed.json HTTP/1.1\r\nHost: 127.0.0.1:{wall.port}\r\n\r\n"
    with ExitStack() as others:
        peers = {OURS: Peer(wall.port, get, wall.post())}
        for name, start in {ISSO_NAME: _isso, FLASK_NAME: _flask}.items():
            if name not in absent:
                peers[name] = others.enter_context(start(folder))
        for peer in peers.values():
            ground.visit(_at(peer.port), peer.write, 4, count=ENTRIES)
        reads = _in_turns(ground, peers, "read", seconds, repeats)
        writes = _in_turns(ground, peers, "write", seconds, repeats)
    ground.stop(wall)
    print(f"| requests/s at {VISITORS} clients | list of 50 | p99 ms | ours : it | posts | p99 ms | ours : it |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in peers:
        (read, read_took, read_ratio), (write, write_took, write_ratio) = reads[name], writes[name]
        print(
            f"| {name} | {read:,.0f} | {read_took.p99:,.0f} | {read_ratio:,.0f} "
            f"| {write:,.0f} | {write_took.p99:,.0f} | {write_ratio:,.1f} |",
            flush=True,
        )


# Medians: requests per second, times, and our rate divided by this one in the same turn.
Measured = tuple[float, Quantiles, float]


def _in_turns(
    ground: Ground, peers: Mapping[str, Peer], what: str, seconds: float, repeats: int
) -> dict[str, Measured]:
    seen: dict[str, list[dict[str, Any]]] = {name: [] for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            found = ground.visit(_at(peer.port), getattr(peer, what), VISITORS, seconds=seconds)
            assert all(status[0] in "23" for status in found["statuses"]), found["statuses"]
            seen[name].append(found)
    ours = [each["rate"] for each in seen[OURS]]

    def measured(several: list[dict[str, Any]]) -> Measured:
        rates = [each["rate"] for each in several]
        ratios = [one / other for one, other in zip(ours, rates, strict=True)]
        return median(rates), Quantiles.median([each["took"] for each in several]), median(ratios)

    return {name: measured(several) for name, several in seen.items()}


def _news(ground: Ground, folder: Path, listeners: int, rounds: int, repeats: int, absent: Collection[str]) -> None:
    """All servers send the same number of bytes, and all audiences listen all the time."""
    wall = ground.serve()
    post = wall.post()
    readers = ground.audience(wall.port, listeners, after=wall.page().version_and_stamp()[0])
    size = readers.measure(wall.port, post, 2)["size"]
    raw = ground.raw(size)
    body = TEXT.ljust(size - NCHAN_FRAME, ".")
    news = f"POST /news HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with ExitStack() as others:
        authors = {OURS: Author(readers, wall.port, post)}
        if NCHAN_NAME not in absent:
            port = others.enter_context(_nchan(folder, listeners))
            authors[NCHAN_NAME] = Author(ground.audience(port, listeners), port, news)
        authors["raw socket writer"] = Author(ground.audience(raw.port, listeners), raw.port, RAW_POST)
        sizes = [author.audience.measure(author.port, author.post, 2)["size"] for author in authors.values()]
        seen = in_turns(authors, rounds, repeats)
    print(f"\n| to {listeners:,} listeners, medians of {repeats} | bytes | p50 ms | p95 ms | p99 ms | ours : it |")
    print("|---|---:|---:|---:|---:|---:|")
    for (name, several), bytes_ in zip(seen.items(), sizes, strict=True):
        shown = " | ".join(f"{each:,.0f}" for each in Quantiles.median(several))
        ratio = statistics.median(ours.p99 / its.p99 for ours, its in zip(seen[OURS], several, strict=True))
        print(f"| {name} | {bytes_} | {shown} | {ratio:.2f} |")


@contextmanager
def _nchan(folder: Path, listeners: int) -> Iterator[int]:
    nginx, modules = _nginx(), _nchan_module().parent
    port, file = _free(), folder / "nginx.conf"
    file.write_text(NCHAN.format(modules=modules, folder=folder, port=port, files=2 * listeners + 1000))
    with _running([nginx, "-c", str(file), "-p", str(folder)], port):
        yield port


@contextmanager
def _isso(folder: Path) -> Iterator[Peer]:
    port = _free()
    (folder / "isso.cfg").write_text(ISSO.format(folder=folder, port=port))
    body = json.dumps({"text": TEXT, "author": "Ann", "title": "Wall"})
    head = f"HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    write = (
        f"POST /new?uri=/wall {head}Content-Type: application/json\r\nX-Forwarded-For: {{address}}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    command = [PEERS / "gunicorn", "-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{port}", "isso.run"]
    with _running(command, port, ISSO_SETTINGS=str(folder / "isso.cfg")):
        yield Peer(port, f"GET /?uri=/wall&limit=50 {head}\r\n", write)


@contextmanager
def _flask(folder: Path) -> Iterator[Peer]:
    port = _free()
    (folder / "exercise.py").write_text(FLASK.format(folder=folder))
    body = "name=Ann&text=" + TEXT.replace(" ", "+")
    head = f"HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    write = f"POST / {head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    command = [PEERS / "gunicorn", "-k", "gthread", "-w", "1", "--threads", "64", "-b", f"127.0.0.1:{port}"]
    with _running([*command, "--chdir", folder, "exercise:app"], port):
        yield Peer(port, f"GET / {head}\r\n", write)


@contextmanager
def _running(command: list[str | Path], port: int, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _until(lambda: socket.create_connection(("127.0.0.1", port), timeout=5).close())
        yield
    finally:
        process.terminate()
        process.wait(20)


def _until(works: Callable[[], None]) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            return works()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _at(port: int) -> Server:
    """Another server, reduced to its port."""
    server = Server.__new__(Server)
    server._port = port
    return server


if __name__ == "__main__":
    main()
