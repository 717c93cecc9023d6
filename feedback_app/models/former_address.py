"""Former addresses: redirects from the slugs that walls had before they were renamed; slug validation."""

import re

from sqlalchemy import Delete, ForeignKey, Index, Select, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from .base import TABLE_OPTIONS, Base, Identifier

SLUG_LENGTH = 60


class FormerAddress(Base):
    """A slug from before a wall was renamed; it redirects to the wall until another wall takes it."""

    __tablename__ = "former_addresses"
    __table_args__ = (Index(None, "wall_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))

    @staticmethod
    def of(wall_id: int) -> Select[str]:
        """The former slugs of a wall, oldest first."""
        return select(FormerAddress.slug).where(FormerAddress.wall_id == wall_id).order_by(FormerAddress.id)

    @staticmethod
    def delete_former(slug: str) -> Delete:
        return delete(FormerAddress).where(FormerAddress.slug == slug)


SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def comparable(slug: str) -> str:
    """The slug, or an empty string if it is malformed. MariaDB would ignore trailing spaces."""
    return slug if SLUG.fullmatch(slug) else ""


def slug_fault(slug: str) -> str | None:
    """Why this slug is invalid for a new wall, as a sentence, or None."""
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH:
        return (
            f"The address of a wall is made of small letters a to z, digits and single hyphens between them, "
            f"{SLUG_LENGTH} characters at most, such as team-day-2."
        )
    return None
