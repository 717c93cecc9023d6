"""Former addresses: what walls were called before they were renamed."""

from sqlalchemy import Delete, ForeignKey, Index, Select, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from .base import TABLE_OPTIONS, Base, Identifier

SLUG_LENGTH = 60


class FormerAddress(Base):
    """An address that a wall had before it was renamed; it leads to the wall as long as no other wall takes it."""

    __tablename__ = "former_addresses"
    __table_args__ = (Index(None, "wall_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))

    @staticmethod
    def of(wall_id: int) -> Select[str]:
        """The former addresses of a wall, the oldest first."""
        return select(FormerAddress.slug).where(FormerAddress.wall_id == wall_id).order_by(FormerAddress.id)

    @staticmethod
    def giving_up(slug: str) -> Delete:
        return delete(FormerAddress).where(FormerAddress.slug == slug)
