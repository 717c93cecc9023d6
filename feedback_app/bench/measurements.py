"""The course of `bench`: one measurement after the other, each with its reference in the same run."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..config import ConfigurationError
from .alternating import Author, in_turns
from .environment import Ground, Server
from .quantiles import Quantiles
from .report import Listening, Machine, Rate, Report, Start

ENTRIES = 30
VISITORS = 64
MEBIBYTE, KIBIBYTE = 2**20, 2**10
RAW_POST = "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Plan:
    """How much is measured. Each figure is the median of `repeats`. The full plan takes two minutes, QUICK half a
    minute.
    """

    listeners: tuple[int, ...] = (10, 100, 1_000, 10_000)
    repeats: int = 5
    seconds: float = 1.2
    deliveries: int = 20_000
    most_rounds: int = 5

    def rounds(self, listeners: int) -> int:
        """The number of posts in one measurement of a broadcast."""
        return max(2, min(self.most_rounds, self.deliveries // listeners))


QUICK = Plan(listeners=(100, 1_000), repeats=1)


class Course:
    """Runs a plan. `report_step` is called with the name of each measurement."""

    def __init__(self, ground: Ground, plan: Plan, report_step: Callable[[str], None]) -> None:
        self.ground, self.plan, self.report_step = ground, plan, report_step

    def run(self) -> Report:
        """Measure. Raises ConfigurationError if something cannot be measured on this machine."""
        self.report_step("Making a wall with 30 entries")
        first = self.ground.serve(POST_LIMIT="", ADDRESS_LIMIT="")
        self.ground.visit(first, first.post(), 4, count=ENTRIES)
        self.ground.stop(first)
        start = self._start()
        rates = self._pages()
        self.ground.trust_forwarded_addresses()
        rates.append(self._posts())
        listening = [self._listening(each) for each in self.plan.listeners]
        return Report(Machine(), self.plan.repeats, start, rates, listening)

    def _start(self) -> Start:
        self.report_step("Starting")
        seconds, memory = [], []
        for _ in range(self.plan.repeats):
            server = self.ground.serve()
            seconds.append(server.page().seconds)
            memory.append(server.memory())
            self.ground.stop(server)
        known = [each / MEBIBYTE for each in memory if each is not None]
        return Start(round(statistics.median(seconds), 2), round(statistics.median(known), 1) if known else None)

    def _pages(self) -> list[Rate]:
        self.report_step("Reading pages")
        wall = self.ground.serve()
        bare = self.ground.bare(wall.page())
        request = "GET /walls/main HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n"

        def request_for(more: str) -> Callable[[Server], str]:
            return lambda server: request.replace("{port}", str(server.port)).replace("{more}", more)

        tag = wall.page().tag
        rates = [
            self._rate("page of 30 entries", "bare ASGI, same bytes", wall, bare, request_for("")),
            self._rate("page unchanged (304)", "bare ASGI, 304", wall, bare, request_for(f"If-None-Match: {tag}\r\n")),
        ]
        self.ground.close()
        return rates

    def _posts(self) -> Rate:
        self.report_step("Posting")
        wall, forgetful = self.ground.serve(), self.ground.forgetful()
        rate = self._rate("durable post", "the same, storing nothing", wall, forgetful, Server.post)
        self.ground.close()
        return rate

    def _rate(
        self, name: str, reference: str, ours: Server, theirs: Server, request_for: Callable[[Server], str]
    ) -> Rate:
        """Measure both in turns, so that other load on the machine affects both."""
        seen: dict[Server, list[dict[str, Any]]] = {ours: [], theirs: []}
        for server in (ours, theirs):
            self.ground.visit(server, request_for(server), VISITORS, seconds=self.plan.seconds / 4)
        for _ in range(self.plan.repeats):
            for server, all_seen in seen.items():
                all_seen.append(self.ground.visit(server, request_for(server), VISITORS, seconds=self.plan.seconds))
        for each in (*seen[ours], *seen[theirs]):
            if wrong := {status: count for status, count in each["statuses"].items() if status[0] not in "23"}:
                raise ConfigurationError(f"Measuring ({name}) got unexpected answers: {wrong}")
        rate, other = (statistics.median(each["rate"] for each in seen[server]) for server in (ours, theirs))
        ratios = [one["rate"] / two["rate"] for one, two in zip(seen[ours], seen[theirs], strict=True)]
        took = Quantiles.median([each["took"] for each in seen[ours]])
        ratio = round(statistics.median(ratios), 2)
        return Rate(name, reference, VISITORS, round(rate, 1), took, round(other, 1), ratio)

    def _listening(self, listeners: int) -> Listening:
        """All audiences listen all the time, and one at a time receives posts."""
        self.report_step(f"Broadcasting to {listeners:,} listeners")
        wall, other_process = self.ground.serve(), self.ground.serve()
        post, other_post = wall.post(), other_process.post()
        for server, first in ((wall, post), (other_process, other_post)):
            few = self.ground.audience(server.port, 10, after=server.page().version_and_stamp()[0])
            few.measure(server.port, first, 3)
            self.ground.stop(few)
        before = wall.memory()
        readers = self.ground.audience(wall.port, listeners, after=wall.page().version_and_stamp()[0])
        after = wall.memory()
        # The raw writer sends as many bytes as the wall.
        raw = self.ground.raw(readers.measure(wall.port, post, 1)["size"])
        authors = {
            "same": Author(readers, wall.port, post),
            "other": Author(readers, other_process.port, other_post),
            "raw": Author(self.ground.audience(raw.port, listeners), raw.port, RAW_POST),
        }
        authors["raw"].measure(1)
        seen = in_turns(authors, self.plan.rounds(listeners), self.plan.repeats)
        self.ground.close()
        each = None if before is None or after is None else round((after - before) / listeners / KIBIBYTE, 1)
        same, other, limit = (Quantiles.median(seen[name]) for name in authors)
        ratios = [ours.p99 / its.p99 for ours, its in zip(seen["same"], seen["raw"], strict=True)]
        return Listening(listeners, each, same, other, limit, round(statistics.median(ratios), 2))
