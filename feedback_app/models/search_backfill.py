"""Search backfill: fills the search column of rows stored or blanked by versions that did not have it."""

from sqlalchemy import Select, Update, bindparam, select, update

from .base import EntryState
from .feedback import Feedback


class SearchBackfill:
    """Statements of the backfill."""

    @staticmethod
    def unfolded(limit: int) -> Select[int, str, str, str | None]:
        """Rows of (feedback id, name, text, answer), locked; rows locked by another process are skipped.

        Unordered: ordered by id, MariaDB would scan the whole table.
        """
        columns = (Feedback.id, Feedback.name, Feedback.text, Feedback.answer)
        return select(*columns).where(Feedback.folded.is_(None)).limit(limit).with_for_update(skip_locked=True)

    @staticmethod
    def update_folded() -> Update:
        """Set `folded`, for executemany with keys `number` (feedback id) and `words`. `changed_at` stays."""
        table = Feedback.__table__
        return (
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("number"))
            .values(folded=bindparam("words"), changed_at=table.c.changed_at)
        )

    @staticmethod
    def blank_folded() -> Update:
        """Erase `folded` of blanked entries. The empty author finds them by index."""
        is_blank = (Feedback.author == "", Feedback.state == EntryState.REMOVED, Feedback.text == "")
        return (
            update(Feedback)
            .where(*is_blank, Feedback.folded != "")
            .values(folded="", changed_at=Feedback.changed_at)
            .execution_options(synchronize_session=False)
        )
