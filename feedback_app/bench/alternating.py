"""Measures broadcasts of several servers in turns, so that other load on the machine affects all of them."""

from collections.abc import Mapping
from typing import NamedTuple

from .environment import Audience
from .quantiles import Quantiles


class Author(NamedTuple):
    """A post, the port it is sent to, and the audience that receives it."""

    audience: Audience
    port: int
    post: str

    def measure(self, rounds: int) -> Quantiles:
        """The latency over all listeners and rounds."""
        return Quantiles(*self.audience.measure(self.port, self.post, rounds)["took"])


def in_turns(authors: Mapping[str, Author], rounds: int, repeats: int) -> dict[str, list[Quantiles]]:
    """By author, the latency in each of the `repeats`."""
    seen: dict[str, list[Quantiles]] = {name: [] for name in authors}
    for _ in range(repeats):
        for name, author in authors.items():
            seen[name].append(author.measure(rounds))
    return seen
