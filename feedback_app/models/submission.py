"""A post: words on their way to a wall, and how one knows that they have arrived before."""

import hashlib
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Interval,
    Select,
    String,
    TableValuedAlias,
    and_,
    bindparam,
    case,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.sql.dml import ReturningInsert

from ..text.rates import Rate
from .act import Block
from .base import UTCDateTime
from .feedback import Feedback
from .prepared import Prepared, TwoWays, as_pairs, asked_pairs, looked_up, one, one_of

GIVEN = re.compile(r"[A-Za-z0-9_-]{8,128}")
SAME_WORDS_SECONDS = 60


@dataclass(frozen=True)
class Submission:
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
    ) -> "Submission":
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
    def numbers_under(keys: Iterable[tuple[int, str]]) -> Prepared:
        """Rows of (wall's number, number, key): what is stored on which wall under which of these keys, if anything."""
        return Prepared(_NUMBERS, {"keys": as_pairs(keys)})

    @staticmethod
    def known(posts: Iterable["Submission"]) -> Prepared:
        """Rows of (wall's number, number, digest, "key", "author" or "network"): what is stored under the keys of these
        posts, and blocks on their walls of their authors, and of the networks of newcomers."""
        asked = {
            "keys": {(post.wall_id, key) for post in posts for key in post.keys},
            "blocked": {(post.wall_id, each) for post in posts if post.is_recognised for each in post.authors},
            "watched": {(post.wall_id, each) for post in posts if post.is_newcomer for each in post.networks},
        }
        return Prepared(_KNOWN, {name: as_pairs(pairs) for name, pairs in asked.items()})

    @staticmethod
    @cache
    def storing() -> "ReturningInsert[int, int, str | None]":
        """For many rows by one statement, which gives of each what `numbers_under` does."""
        return Feedback.insertion().returning(Feedback.wall_id, Feedback.id, Feedback.key)

    @staticmethod
    def storing_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Any, dict[str, list[Any]]]:
        """The same for PostgreSQL, with the values by column: a statement that does not grow with the rows."""
        return _storing(tuple(rows[0])), {name: [row[name] for row in rows] for name in rows[0]}

    @staticmethod
    def times_by(
        authors: Collection[str], networks: Collection[str], windows: Sequence[tuple[datetime, datetime]]
    ) -> Prepared:
        """Rows of the author, or of the network for what newcomers wrote there, and for each window: how many posts, on
        whichever wall, the time of the earliest. The longest window comes last."""
        values: dict[str, Any] = {"authors": list(authors), "networks": list(networks)}
        for number, (begins, ends) in enumerate(windows):
            values |= {f"from_{number}": begins, f"to_{number}": ends}
        return Prepared(_times_in(len(windows)), values)

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


_NUMBERS = looked_up("keys", Feedback, Feedback.key)
_KNOWN = union_all(
    _NUMBERS.add_columns(literal("key").label("kind")),
    looked_up("blocked", Block, Block.author).add_columns(literal("author")),
    looked_up("watched", Block, Block.network).add_columns(literal("network")),
)


@cache
def _storing(names: tuple[str, ...]) -> Any:
    columns = Feedback.metadata.tables[Feedback.__tablename__].c
    # Made into a text of a certain length, one that is too long would be cut and not refused.
    types = {name: String() if isinstance(columns[name].type, String) else columns[name].type for name in names}
    arrays = (bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items())
    given = func.unnest(*arrays).table_valued(*(column(*each) for each in types.items()), name="given")
    given = given.render_derived()
    rows = select(*(given.c[name] for name in names))
    return Feedback.insertion().from_select(names, rows).returning(Feedback.wall_id, Feedback.id, Feedback.key)


@cache
def _times_in(windows: int) -> "CompoundSelect[*tuple[Any, ...]]":
    within = [
        Feedback.created_at.between(one(f"from_{number}", UTCDateTime), one(f"to_{number}", UTCDateTime))
        for number in range(windows)
    ]
    counted = [(func.count(case((each, 1))), func.min(case((each, Feedback.created_at)))) for each in within]
    # The longest window has all the others in it. In a short table PostgreSQL would look for the time in any index that
    # has one, all through it, and keep to that: so only the right index has what it is given. Authors wrote little.
    begins, ends = one(f"from_{windows - 1}", UTCDateTime), one(f"to_{windows - 1}", UTCDateTime)
    is_new, place = Feedback.is_newcomer, tuple_(Feedback.is_newcomer, Feedback.created_at)
    hidden = Feedback.created_at + literal_column("interval '0'", Interval)
    in_place = and_(place >= tuple_(true(), begins), place <= tuple_(true(), ends))
    by_author, by_network = (
        select(whose, *chain.from_iterable(counted)).where(is_one, is_within).group_by(whose)
        for whose, is_one, is_within in (
            (
                Feedback.author,
                one_of(Feedback.author, "authors", String),
                TwoWays(within[-1], hidden.between(begins, ends)),
            ),
            (
                Feedback.network,
                one_of(Feedback.network, "networks", String),
                TwoWays(and_(is_new, within[-1]), in_place),
            ),
        )
    )
    return union_all(by_author, by_network)


class Author:
    """The statements; an author is given as the number of a wall and the author's name there."""

    @staticmethod
    def known_among(authors: Iterable[tuple[int, str]]) -> Prepared:
        """Rows of (wall's number, author, 1 or None): whether anything by the author is public on the wall."""
        return Prepared(_known(), {"known": as_pairs(authors)})

    @staticmethod
    def latest_among(authors: Iterable[tuple[int, str]], *, since: datetime, until: datetime) -> Prepared:
        """Rows of (wall's number, author, when they wrote there last or None), within that time."""
        return Prepared(_latest(), {"slow": as_pairs(authors), "since": since, "until": until})


def _by(asked: TableValuedAlias) -> ColumnElement[bool]:
    """By this author on this wall.

    An author has written little and a wall holds much, but a planner does not know which: with the sum it cannot take
    an index of the wall and read through all of it.
    """
    return and_(Feedback.author == asked.c.digest, Feedback.wall_id + 0 == asked.c.wall_id)


@cache
def _known() -> "Select[*tuple[Any, ...]]":
    asked = asked_pairs("known")
    found = select(literal(1)).where(_by(asked), Feedback.state_alone() == "public").limit(1)
    return select(asked.c.wall_id, asked.c.digest, found.scalar_subquery())


@cache
def _latest() -> "Select[*tuple[Any, ...]]":
    asked = asked_pairs("slow")
    within = Feedback.created_at.between(one("since", UTCDateTime), one("until", UTCDateTime))
    found = select(func.max(Feedback.created_at)).where(_by(asked), within)
    return select(asked.c.wall_id, asked.c.digest, found.scalar_subquery())
