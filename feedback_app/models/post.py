"""A post: words on their way to a wall, and how one knows that they have arrived before."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from limits import RateLimitItem

from .feedback import Feedback

GIVEN = re.compile(r"[A-Za-z0-9_-]{8,128}")
SAME_WORDS_SECONDS = 60


@dataclass(frozen=True)
class Post:
    """What a visitor sent to a wall.

    `authors` are the names of the visitor today and yesterday, today's first. It is stored under the first of `keys`
    and is there already when something is kept under any of them, except that words which were only taken to be the
    same (`guessed`) must still be the same; otherwise it is stored under the last one, which is its own.
    """

    wall_id: int
    name: str
    text: str
    authors: Sequence[str]
    keys: Sequence[str]
    guessed: Sequence[str] = ()
    limits: Sequence[RateLimitItem] = ()

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
        limits: Sequence[RateLimitItem] = (),
    ) -> "Post":
        """`given` is the idempotency key that the page's script put into the form.

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
        return cls(wall_id, name, text, authors, [*guessed, own], guessed, limits)

    def is_kept_as(self, feedback: Feedback) -> bool:
        """Whether what is kept under one of its keys is this post."""
        return feedback.key not in self.guessed or (feedback.name, feedback.text) == (self.name, self.text)


def key_of(key: str, name: str, text: str) -> str:
    """What is stored of an idempotency key: a digest of it and of the words it came with.

    The same key with other words is therefore another entry: somebody whose first try got no answer, and who
    went on writing before the second one, loses nothing.
    """
    return hashlib.sha256("\0".join((key, name, text)).encode()).hexdigest()
