"""The course: one measurement after the other, each reference in the same run as what is compared with it."""

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..config import ConfigurationError
from .ground import Ground, Server
from .quantiles import Quantiles
from .report import Listening, Machine, Rate, Report, Start

ENTRIES = 30
VISITORS = 64
MEBIBYTE, KIBIBYTE = 2**20, 2**10
# What the raw writer sends, which is about what an entry comes to; the exact number makes no difference.
NEWS_BYTES = 900
RAW_POST = "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Plan:
    """How much is measured. All of it takes two minutes, the quick one half of one."""

    listeners: tuple[int, ...] = (100, 1_000, 10_000)
    starts: int = 3
    repeats: int = 3
    seconds: float = 2.0
    deliveries: int = 100_000
    most_rounds: int = 50

    def rounds(self, listeners: int) -> int:
        return max(3, min(self.most_rounds, self.deliveries // listeners))


QUICK = Plan(listeners=(100, 1_000), starts=1, repeats=1, seconds=1.0, deliveries=10_000, most_rounds=20)


class Course:
    """`say` is told what is being measured."""

    def __init__(self, ground: Ground, plan: Plan, say: Callable[[str], None]) -> None:
        self.ground, self.plan, self.say = ground, plan, say

    def run(self) -> Report:
        self.say("Making a wall with 30 entries")
        first = self.ground.serve(POST_LIMIT="")
        self.ground.visit(first, first.post(), 4, count=ENTRIES)
        self.ground.stop(first)
        start = self._start()
        rates = self._pages()
        self.ground.believe_visitors()
        rates.append(self._posts())
        return Report(Machine(), start, rates, [self._listening(each) for each in self.plan.listeners])

    def _start(self) -> Start:
        self.say("Starting")
        seconds, memory = [], []
        for _ in range(self.plan.starts):
            server = self.ground.serve()
            seconds.append(server.page().seconds)
            memory.append(server.memory())
            self.ground.stop(server)
        known = [each / MEBIBYTE for each in memory if each is not None]
        return Start(round(statistics.median(seconds), 2), round(statistics.median(known), 1) if known else None)

    def _pages(self) -> list[Rate]:
        self.say("Reading pages")
        wall = self.ground.serve()
        bare = self.ground.bare(wall.page())
        request = "GET /walls/main HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n"

        def asked(more: str) -> Callable[[Server], str]:
            return lambda server: request.replace("{port}", str(server.port)).replace("{more}", more)

        tag = wall.page().tag
        rates = [
            self._rate("page of 30 entries", "bare ASGI, same bytes", wall, bare, asked("")),
            self._rate("page unchanged (304)", "bare ASGI, 304", wall, bare, asked(f"If-None-Match: {tag}\r\n")),
        ]
        self.ground.close()
        return rates

    def _posts(self) -> Rate:
        self.say("Posting")
        wall, forgetful = self.ground.serve(), self.ground.forgetful()
        rate = self._rate("durable post", "the same, storing nothing", wall, forgetful, Server.post)
        self.ground.close()
        return rate

    def _rate(self, name: str, reference: str, ours: Server, theirs: Server, asked: Callable[[Server], str]) -> Rate:
        """One and the other in turns, so that what else the machine does meets both."""
        seen: dict[Server, list[dict[str, Any]]] = {ours: [], theirs: []}
        for server in (ours, theirs):
            self.ground.visit(server, asked(server), VISITORS, seconds=self.plan.seconds / 4)
        for _ in range(self.plan.repeats):
            for server, all_seen in seen.items():
                all_seen.append(self.ground.visit(server, asked(server), VISITORS, seconds=self.plan.seconds))
        for each in (*seen[ours], *seen[theirs]):
            if wrong := {status: count for status, count in each["statuses"].items() if status[0] not in "23"}:
                raise ConfigurationError(f"While measuring ({name}) there were other answers than expected: {wrong}")
        rate, other = (statistics.median(each["rate"] for each in seen[server]) for server in (ours, theirs))
        ratios = [one["rate"] / two["rate"] for one, two in zip(seen[ours], seen[theirs], strict=True)]
        took = Quantiles.median([each["took"] for each in seen[ours]])
        ratio = round(statistics.median(ratios), 2)
        return Rate(name, reference, VISITORS, round(rate, 1), took, round(other, 1), ratio)

    def _listening(self, listeners: int) -> Listening:
        self.say(f"Telling {listeners:,} listeners")
        wall, beside = self.ground.serve(), self.ground.serve()
        for server in (wall, beside):
            self._told(server, server, server.post(), 10, 3)
        before = wall.memory()
        same, after = self._told(wall, wall, wall.post(), listeners)
        other, _ = self._told(wall, beside, beside.post(), listeners)
        raw = self.ground.raw(NEWS_BYTES)
        limit, _ = self._told(raw, raw, RAW_POST, listeners)
        self.ground.close()
        each = None if before is None or after is None else round((after - before) / listeners / KIBIBYTE, 1)
        return Listening(listeners, each, same, other, limit, round(same.p99 / limit.p99, 2))

    def _told(
        self, server: Server, author_at: Server, post: str, listeners: int, rounds: int = 0
    ) -> tuple[Quantiles, int | None]:
        """When they saw what was posted, and how much memory the server held while they listened."""
        rounds = rounds or self.plan.rounds(listeners)
        audience = self.ground.audience(server, author_at, post, listeners, rounds)
        audience.line()
        memory = server.memory()
        audience.go_on()
        said = json.loads(audience.line())
        self.ground.stop(audience)
        if said["heard"] != listeners * rounds:
            raise ConfigurationError(
                f"Of {listeners * rounds:,} deliveries to {listeners:,} listeners {said['heard']:,} were seen in time, "
                f"and {said['lost']:,} listeners were lost. Measure fewer with --listeners, or on a quieter machine."
            )
        return Quantiles(*said["took"]), memory
