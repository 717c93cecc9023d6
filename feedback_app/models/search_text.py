"""What search compares: an entry's words, folded once when they are stored."""

from typing import Any

from sqlalchemy import ColumnElement, Index, Text, and_, false, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from ..text.folding import fold

_IS_UNFOLDED = text("folded IS NULL")
# What a version stored that did not fold. On SQLite and PostgreSQL it is soon empty, and then costs nothing.
UNFOLDED = Index(
    "ix_feedback_folded", "folded", sqlite_where=_IS_UNFOLDED, postgresql_where=_IS_UNFOLDED, mysql_length=1
)


class Folded:
    """An entry that is found by its name, its text and its answer."""

    name: Mapped[str]
    text: Mapped[str]
    answer: Mapped[str | None]
    # None until words are folded that a version stored which did not do that.
    folded: Mapped[str | None] = mapped_column(Text, deferred=True)

    def fold(self) -> None:
        """Be found by the words as they are now."""
        self.folded = folded(self.name, self.text, self.answer)

    @classmethod
    def holding(cls, words: str) -> ColumnElement[bool]:
        """Holds each of these words, in whichever order; `%` and `_` mean themselves. No words are in nothing."""
        sought = [word for word in words.split() if fold(word)]
        return and_(*map(cls._holding_word, sought)) if sought else false()

    @classmethod
    def _holding_word(cls, word: str) -> ColumnElement[bool]:
        """What is not folded yet is found as well as the database can do it."""
        as_typed = (each.icontains(word, autoescape=True) for each in (cls.name, cls.text, cls.answer))
        return or_(
            cls.folded.contains(fold(word), autoescape=True),
            and_(cls.folded.is_(None), or_(*as_typed)),
        )


def folded(name: str, text: str, answer: str | None = None, **_: Any) -> str:
    """The column `folded` of an entry with these words."""
    return fold(f"{name}\n{text}\n{answer or ''}")
