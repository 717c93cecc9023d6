"""Sittings: whose news is to be compared tells it in turns, so that what else the machine does meets all of them."""

from collections.abc import Mapping
from typing import NamedTuple

from .ground import Audience
from .quantiles import Quantiles


class Author(NamedTuple):
    """Who posts what to which port, and the audience that hears of it."""

    audience: Audience
    port: int
    post: str

    def tell(self, rounds: int) -> Quantiles:
        """When they saw it, in so many rounds taken together."""
        return Quantiles(*self.audience.sit(self.port, self.post, rounds)["took"])


def in_turns(authors: Mapping[str, Author], rounds: int, repeats: int) -> dict[str, list[Quantiles]]:
    """By author, what was seen in each of their sittings."""
    seen: dict[str, list[Quantiles]] = {name: [] for name in authors}
    for _ in range(repeats):
        for name, author in authors.items():
            seen[name].append(author.tell(rounds))
    return seen
