"""What is the same wherever it is found: ids for feeds, in which no address stands (RFC 4287, section 4.2.6)."""

import uuid
from datetime import datetime
from typing import Self

from sqlalchemy import Select, String, select
from sqlalchemy.orm import Mapped, mapped_column

# Names the ids of this product's entries and of walls without a uid of their own, by UUID version 5 (RFC 9562).
NAMESPACE = uuid.UUID("0b9f8a4e-6c52-4b43-9a3c-5b1c5a0f7c11")
UID_LENGTH = 36


def new_uid() -> str:
    return str(uuid.uuid4())


class Identified:
    """A wall, which stays the same when it is renamed, restored, or moved to another installation."""

    id: Mapped[int]
    created_at: Mapped[datetime]
    # None where a version made the wall that had no such thing.
    uid: Mapped[str | None] = mapped_column(String(UID_LENGTH), default=new_uid, index=True, unique=True)

    @classmethod
    def with_uid(cls, uid: str) -> Select[Self]:
        return select(cls).where(cls.uid == uid)

    @property
    def identity(self) -> str:
        """The uid, or one made of what never changes of a wall here."""
        return self.uid or str(uuid.uuid5(NAMESPACE, f"{self.id}/{self.created_at.isoformat()}"))

    @property
    def feed_id(self) -> str:
        return f"urn:uuid:{self.identity}"

    def entry_id(self, number: int) -> str:
        """The id of the entry of this number in feeds."""
        return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{self.identity}/{number}')}"
