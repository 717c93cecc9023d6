"""Submission of a post: idempotency keys, duplicate detection, bulk insert, and queries of rate limits and blocks."""

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
from .base import EntryState, UTCDateTime
from .feedback import Feedback
from .prepared import Prepared, TwoWays, lookup, one, one_of, pairs_table, pairs_value

GIVEN = re.compile(r"[A-Za-z0-9_-]{8,128}")
SAME_WORDS_SECONDS = 60


@dataclass(frozen=True)
class Submission:
    """What a visitor sent to a wall.

    `authors` are the visitor's pseudonyms, the current one first. Without a visitor token they equal `networks`, the
    pseudonyms of the network address. `limits` are the visitor's rate limits; newcomers share the `allowance` of their
    network.

    A submission is stored under the first of `keys`. It is a duplicate when an entry exists under any of them. Under a
    `guessed` key the entry must also still have the same text; else the submission is stored under its last key.
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
        """`given` is the idempotency key that the page's script added; `origin` holds further fields of a Submission.

        Without a key (no script), the same text from the same visitor in this minute or the next is a duplicate.
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
        """Rows of (wall id, feedback id, key): entries that exist for these pairs of wall id and key."""
        return Prepared(_NUMBERS, {"keys": pairs_value(keys)})

    @staticmethod
    def known(posts: Iterable["Submission"]) -> Prepared:
        """Rows of (wall id, id, digest, kind) for these posts.

        `kind` is "key" for an entry stored under one of their keys, "author" for a block of one of their authors, and
        "network" for a block of a newcomer's network.
        """
        pairs_by_name = {
            "keys": {(post.wall_id, key) for post in posts for key in post.keys},
            "blocked": {(post.wall_id, each) for post in posts if post.is_recognised for each in post.authors},
            "watched": {(post.wall_id, each) for post in posts if post.is_newcomer for each in post.networks},
        }
        return Prepared(_KNOWN, {name: pairs_value(pairs) for name, pairs in pairs_by_name.items()})

    @staticmethod
    @cache
    def storing() -> "ReturningInsert[int, int, str | None]":
        """A bulk insert that returns rows as `numbers_under` does."""
        return Feedback.insertion().returning(Feedback.wall_id, Feedback.id, Feedback.key)

    @staticmethod
    def storing_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Any, dict[str, list[Any]]]:
        """The bulk insert for PostgreSQL and its values by column: one statement for any number of rows."""
        return _storing(tuple(rows[0])), {name: [row[name] for row in rows] for name in rows[0]}

    @staticmethod
    def times_by(
        authors: Collection[str], networks: Collection[str], windows: Sequence[tuple[datetime, datetime]]
    ) -> Prepared:
        """Rows of author, then for each window the number of posts and the time of the earliest.

        An author is a pseudonym that is made per wall, so its posts are those on one wall.

        Further rows have a network instead, and count what newcomers wrote from there. The longest window comes last.
        """
        values: dict[str, Any] = {"authors": list(authors), "networks": list(networks)}
        for number, (begins, ends) in enumerate(windows):
            values |= {f"from_{number}": begins, f"to_{number}": ends}
        return Prepared(_times_in(len(windows)), values)

    @property
    def is_recognised(self) -> bool:
        """Whether the visitor is distinguished from others behind the same network address."""
        return not self.networks or self.authors[0] != self.networks[0]

    @property
    def origin(self) -> dict[str, Any]:
        """Columns of the entry about where it came from: `network` (or None) and `is_newcomer`."""
        return {"network": self.networks[0] if self.networks else None, "is_newcomer": self.is_newcomer}

    def is_stored_as(self, feedback: Feedback) -> bool:
        """Whether the entry stored under one of its keys is this submission."""
        return feedback.key not in self.guessed or (feedback.name, feedback.text) == (self.name, self.text)


def key_of(key: str, name: str, text: str) -> str:
    """The stored form of an idempotency key: SHA-256 of the key, the name and the text, in hexadecimal.

    The same key with another text is another entry: a visitor who edits the text between two tries loses nothing.
    """
    return hashlib.sha256("\0".join((key, name, text)).encode()).hexdigest()


_NUMBERS = lookup("keys", Feedback, Feedback.key)
_KNOWN = union_all(
    _NUMBERS.add_columns(literal("key").label("kind")),
    lookup("blocked", Block, Block.author).add_columns(literal("author")),
    lookup("watched", Block, Block.network).add_columns(literal("network")),
)


@cache
def _storing(names: tuple[str, ...]) -> Any:
    columns = Feedback.metadata.tables[Feedback.__tablename__].c
    # A cast to VARCHAR(n) would truncate long values instead of rejecting them.
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
    # The longest window contains all others. For a short table PostgreSQL would scan any index that has the time, and
    # keep that plan. So the condition is written to match the right index only. Each author has few rows.
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
    """Queries about authors, each given as a pair of wall id and pseudonym."""

    @staticmethod
    def known_among(authors: Iterable[tuple[int, str]]) -> Prepared:
        """Rows of (wall id, author, 1 or None): 1 if the author has a public entry on the wall."""
        return Prepared(_known(), {"known": pairs_value(authors)})

    @staticmethod
    def latest_among(authors: Iterable[tuple[int, str]], *, since: datetime, until: datetime) -> Prepared:
        """Rows of (wall id, author, time of the latest entry on the wall within this period or None)."""
        return Prepared(_latest(), {"slow": pairs_value(authors), "since": since, "until": until})


def _by(asked: TableValuedAlias) -> ColumnElement[bool]:
    """Entries by this author on this wall.

    An author has few entries and a wall has many, which a planner does not know. `+ 0` rules out the wall's indexes.
    """
    return and_(Feedback.author == asked.c.digest, Feedback.wall_id + 0 == asked.c.wall_id)


@cache
def _known() -> "Select[*tuple[Any, ...]]":
    asked = pairs_table("known")
    found = select(literal(1)).where(_by(asked), Feedback.state_alone() == EntryState.PUBLIC).limit(1)
    return select(asked.c.wall_id, asked.c.digest, found.scalar_subquery())


@cache
def _latest() -> "Select[*tuple[Any, ...]]":
    asked = pairs_table("slow")
    within = Feedback.created_at.between(one("since", UTCDateTime), one("until", UTCDateTime))
    found = select(func.max(Feedback.created_at)).where(_by(asked), within)
    return select(asked.c.wall_id, asked.c.digest, found.scalar_subquery())
