"""Refolding: entries that a version stored or blanked which knew nothing of folded words."""

from sqlalchemy import Select, Update, bindparam, select, update

from .feedback import Feedback


class Refolding:
    @staticmethod
    def unfolded(limit: int) -> Select[int, str, str, str | None]:
        """Rows of (number, name, text, answer), locked; what another process has locked is left to that one.

        They come in no order: MariaDB would read them by their numbers, through the whole table.
        """
        columns = (Feedback.id, Feedback.name, Feedback.text, Feedback.answer)
        return select(*columns).where(Feedback.folded.is_(None)).limit(limit).with_for_update(skip_locked=True)

    @staticmethod
    def folding() -> Update:
        """For many rows of `number` and `words`; it is no change of the entry."""
        table = Feedback.__table__
        return (
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("number"))
            .values(folded=bindparam("words"), changed_at=table.c.changed_at)
        )

    @staticmethod
    def blanking_folded() -> Update:
        """What is blank in every other column, found by its having no author."""
        is_blank = (Feedback.author == "", Feedback.state == "removed", Feedback.text == "")
        return (
            update(Feedback)
            .where(*is_blank, Feedback.folded != "")
            .values(folded="", changed_at=Feedback.changed_at)
            .execution_options(synchronize_session=False)
        )
