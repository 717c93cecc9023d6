"""Full-text search column: an entry's text, folded when it is stored, and the search condition."""

from sqlalchemy import ColumnElement, Index, Text, and_, false, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from ..text.folding import fold

# Rows stored by versions without folding. Migration 0005 makes the index partial on PostgreSQL too (soon empty, then
# free); to say so here loads SQLAlchemy's PostgreSQL dialect, 2 MiB, in every process.
UNFOLDED = Index("ix_feedback_folded", "folded", sqlite_where=text("folded IS NULL"), mysql_length=1)


class Folded:
    """Mixin: an entry that search finds by its name, text and answer."""

    name: Mapped[str]
    text: Mapped[str]
    answer: Mapped[str | None]
    # None until the backfill has folded rows of older versions.
    folded: Mapped[str | None] = mapped_column(Text, deferred=True)

    def fold(self) -> None:
        """Update the search column from the current text."""
        self.folded = folded(self.name, self.text, self.answer)

    @classmethod
    def holding(cls, words: str) -> ColumnElement[bool]:
        """Contains each of these words, in any order. `%` and `_` are literal. No words match nothing."""
        terms = [word for word in words.split() if fold(word)]
        return and_(*map(cls._holding_word, terms)) if terms else false()

    @classmethod
    def _holding_word(cls, word: str) -> ColumnElement[bool]:
        """Rows that are not folded yet are matched by the database's own case-insensitive comparison."""
        as_typed = (each.icontains(word, autoescape=True) for each in (cls.name, cls.text, cls.answer))
        return or_(
            cls.folded.contains(fold(word), autoescape=True),
            and_(cls.folded.is_(None), or_(*as_typed)),
        )


def folded(name: str, text: str, answer: str | None = None) -> str:
    """The value of the column `folded` for this name, text and answer."""
    return fold(f"{name}\n{text}\n{answer or ''}")
