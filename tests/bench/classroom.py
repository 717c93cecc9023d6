"""Rate limits of one network address, with the defaults: which posts of a class, a hall or a robot are accepted."""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx

from feedback_app.clock import now
from feedback_app.web.middleware import access_log

from ..support import HTMX, OURS, Served, serving, stamp

AT_ONCE = 32
LINE = "{:58} {:>6} {:>6} {:>6} {:>8} {:>8}"


class Room:
    """Visitors behind one network address."""

    def __init__(self, wall: Served, mark: str, number: int) -> None:
        self._wall, self._mark = wall, mark
        self._address = f"198.51.100.{number}"
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def say(self, visitor: str, *, script: bool = True) -> httpx.Response:
        fields = {"name": "Ann", "text": secrets.token_hex(), "stamp": self._mark, "visitor": visitor}
        headers = {**(HTMX if script else OURS), "X-Forwarded-For": self._address}
        async with self._turns:
            return await self._wall.client.post("/walls/main/feedback", data=fields, headers=headers)

    async def all_say(self, visitors: Sequence[str], *, script: bool = True) -> list[httpx.Response]:
        return await asyncio.gather(*(self.say(each, script=script) for each in visitors))


def keys(count: int) -> list[str]:
    return [secrets.token_hex(16) for _ in range(count)]


def became(answer: httpx.Response) -> str:
    if answer.status_code == 429:
        return "refused"
    # For a waiting entry the redirect has a token instead of an id.
    waits = "data-waiting" in answer.text or not answer.headers.get("location", "=1").rpartition("=")[2].isdigit()
    return "held" if waits else "heard"


def show(what: str, answers: Sequence[httpx.Response], began: float) -> None:
    found = Counter(became(each) for each in answers)
    seconds = f"{time.monotonic() - began:.1f} s"
    print(LINE.format(what, len(answers), found["heard"], found["held"], found["refused"], seconds), flush=True)


async def show_people(wall: Served, mark: str) -> None:
    room, began = Room(wall, mark, 1), time.monotonic()
    first = await room.all_say(keys(30))
    show("a class of 30, each once", first, began)
    again = await room.all_say([each.headers["Visitor"] for each in first])
    show("the same class once more, with their tokens", again, began)
    began = time.monotonic()
    show("a class of 30 without script", await Room(wall, mark, 2).all_say([""] * 30, script=False), began)
    room, began = Room(wall, mark, 3), time.monotonic()
    hall = await room.all_say(keys(200))
    show("200 people within a minute, each once", hall, began)
    tokens = [each.headers["Visitor"] for each in hall if "Visitor" in each.headers]
    show("those of them who were heard, once more", await room.all_say(tokens), began)


async def show_robots(wall: Served, mark: str, posts: int) -> None:
    for number, (what, visitors) in enumerate(
        {
            "with a new key for each": keys(posts),
            "with one key": keys(1) * posts,
            "with no key": [""] * posts,
            "with a forged token": [f"{secrets.token_urlsafe(90)}.{secrets.token_urlsafe(20)}"] * posts,
        }.items(),
        11,
    ):
        began = time.monotonic()
        show(f"one robot, {posts:,} posts {what}", await Room(wall, mark, number).all_say(visitors), began)
    room, began = Room(wall, mark, 21), time.monotonic()
    token = (await room.say(*keys(1))).headers["Visitor"]
    show(f"one robot, {posts:,} posts with one token replayed", await room.all_say([token] * posts), began)
    room, began = Room(wall, mark, 22), time.monotonic()
    hoard = [answer.headers["Visitor"] for answer in await room.all_say(keys(60))]
    spread = [hoard[each % len(hoard)] for each in range(posts)]
    show(f"one robot, {posts:,} posts with 60 tokens it hoarded", await room.all_say(spread), began)


async def measure(folder: Path, posts: int) -> None:
    async with serving(data=folder, trusted_proxies=1) as wall:
        mark = await stamp(wall.client)
        await show_people(wall, mark)
        await show_robots(wall, mark, posts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-classroom", description=__doc__)
    parser.add_argument("--posts", type=int, default=1000, help="of the robot, each time")
    options = parser.parse_args()
    access_log.configure("off")
    print(f"{now():%Y-%m-%d %H:%M} UTC, make bench-classroom ARGS={' '.join(sys.argv[1:])!r}")
    print(f"{os.cpu_count()} cores, SQLite, the default limits\n")
    print(LINE.format("behind one network address", "posts", "heard", "held", "refused", "after"))
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path()) as home:
        asyncio.run(measure(Path(home) / "data", options.posts))


if __name__ == "__main__":
    main()
