"""A post: words on their way to a wall, and how one knows that they have arrived before."""

import hashlib
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import CompoundSelect, String, and_, case, func, select, union_all
from sqlalchemy.sql.dml import ReturningInsert

from ..rates import Rate
from .base import Identifier, UTCDateTime
from .feedback import Feedback
from .question import Question, one, several

GIVEN = re.compile(r"[A-Za-z0-9_-]{8,128}")
SAME_WORDS_SECONDS = 60


@dataclass(frozen=True)
class Post:
    """What a visitor sent to a wall.

    `authors` are the pseudonyms of the visitor, the one in use first; without a visitor token they are `networks`,
    those of the network address. `limits` are the visitor's own; newcomers share the `allowance` of their network.

    It is stored under the first of `keys` and is there already when something is kept under any of them, except that
    words which were only taken to be the same (`guessed`) must still be the same; otherwise it is stored under the last
    one, which is its own.
    """

    wall_id: int
    name: str
    text: str
    authors: Sequence[str]
    keys: Sequence[str]
    guessed: Sequence[str] = ()
    limits: Sequence[Rate] = ()
    networks: Sequence[str] = ()
    is_newcomer: bool = False
    allowance: Sequence[Rate] = ()

    @classmethod
    def of(
        cls,
        *,
        wall_id: int,
        name: str,
        text: str,
        authors: Sequence[str],
        at: datetime,
        given: str = "",
        limits: Sequence[Rate] = (),
        **origin: Any,
    ) -> "Post":
        """`given` is the idempotency key that the page's script put into the form; `origin` what else a Post has.

        A form without one (no script) counts as repeated when the same visitor sends the same words again within this
        minute or the next.
        """
        guessed: list[str] = []
        if GIVEN.fullmatch(given):
            own = key_of(given, name, text)
        else:
            minute = int(at.timestamp()) // SAME_WORDS_SECONDS
            guessed = [key_of(f"{each}/{author}", name, text) for each in (minute, minute - 1) for author in authors]
            own = key_of(secrets.token_hex(), name, text)
        return cls(wall_id, name, text, authors, [*guessed, own], guessed, limits, **origin)

    @staticmethod
    def kept_under(keys: Mapping[int, Collection[str]]) -> Question:
        """Feedback that is stored under these keys, which are given by the number of their wall; what another of these
        walls has under one of them may be among it."""
        return Question(_KEPT, _values_of(keys))

    @staticmethod
    def numbers_under(keys: Mapping[int, Collection[str]]) -> Question:
        """Rows of (wall's number, number, key), as `kept_under` finds them."""
        return Question(_NUMBERS, _values_of(keys))

    @staticmethod
    @cache
    def storing() -> "ReturningInsert[int, int, str | None]":
        """For many rows by one statement, which gives of each what `numbers_under` does."""
        return Feedback.insertion().returning(Feedback.wall_id, Feedback.id, Feedback.key)

    @staticmethod
    def times_by(
        authors: Collection[str], networks: Collection[str], windows: Sequence[tuple[datetime, datetime]]
    ) -> Question:
        """Rows of the author, or of the network for what newcomers wrote there, and for each window: how many posts, on
        whichever wall, the time of the earliest. The longest window comes last."""
        values: dict[str, Any] = {"authors": list(authors), "networks": list(networks)}
        for number, (begins, ends) in enumerate(windows):
            values |= {f"from_{number}": begins, f"to_{number}": ends}
        return Question(_times_in(len(windows)), values)

    @property
    def is_recognised(self) -> bool:
        """Whether its visitor is told apart from others behind the same network address."""
        return not self.networks or self.authors[0] != self.networks[0]

    @property
    def origin(self) -> dict[str, Any]:
        return {"network": self.networks[0] if self.networks else None, "is_newcomer": self.is_newcomer}

    def is_kept_as(self, feedback: Feedback) -> bool:
        """Whether what is kept under one of its keys is this post."""
        return feedback.key not in self.guessed or (feedback.name, feedback.text) == (self.name, self.text)


def key_of(key: str, name: str, text: str) -> str:
    """What is stored of an idempotency key: a digest of it and of the words it came with.

    The same key with other words is therefore another entry: somebody whose first try got no answer, and who
    went on writing before the second one, loses nothing.
    """
    return hashlib.sha256("\0".join((key, name, text)).encode()).hexdigest()


# One condition, whatever the number of walls: to write down one for each takes longer than to answer it.
_UNDER = and_(
    Feedback.wall_id.in_(several("walls", Identifier)),
    Feedback.key.in_(several("keys", String)),
)
_KEPT = select(Feedback).where(_UNDER)
_NUMBERS = select(Feedback.wall_id, Feedback.id, Feedback.key).where(_UNDER)


def _values_of(keys: Mapping[int, Collection[str]]) -> dict[str, Any]:
    return {"walls": list(keys), "keys": list({key for each in keys.values() for key in each})}


@cache
def _times_in(windows: int) -> "CompoundSelect[*tuple[Any, ...]]":
    within = [
        Feedback.created_at.between(one(f"from_{number}", UTCDateTime), one(f"to_{number}", UTCDateTime))
        for number in range(windows)
    ]
    counted = [(func.count(case((each, 1))), func.min(case((each, Feedback.created_at)))) for each in within]
    by_author, by_network = (
        # The longest window has all the others in it.
        select(column, *chain.from_iterable(counted)).where(whose, within[-1]).group_by(column)
        for column, whose in (
            (Feedback.author, Feedback.author.in_(several("authors", String))),
            (Feedback.network, and_(Feedback.network.in_(several("networks", String)), Feedback.is_newcomer)),
        )
    )
    return union_all(by_author, by_network)
