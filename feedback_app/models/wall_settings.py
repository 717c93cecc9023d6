"""WallSettings: what owners set on a wall, and the verbs that change it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import now
from .base import Hold, NameRule, UTCDateTime

TITLE_LENGTH = 120
WELCOME_LENGTH = 1000
PROMPT_LENGTH = 120
POST_LABEL_LENGTH = 24
DEFAULT_LOOK = "plain"


class WallSettings:
    """Mixin: the settings of a wall. Each change of them takes the next version, so that open pages refresh."""

    slug: Mapped[str]
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    # The version after the latest change of the wall's settings; 0 if there was none.
    arranged: Mapped[int] = mapped_column(BigInteger, default=0)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    welcome: Mapped[str] = mapped_column(Text, default="")
    hold: Mapped[str] = mapped_column(String(12), default=Hold.NONE)
    is_closed: Mapped[bool] = mapped_column(Boolean, default=False)
    slow_seconds: Mapped[int] = mapped_column(Integer, default=0)
    names: Mapped[str] = mapped_column(String(12), default=NameRule.REQUIRED)
    # Origins that may embed the wall, space-separated as in `frame-ancestors`; * for any, empty for none.
    embedders: Mapped[str] = mapped_column(Text, default="*")
    # The name of one of the looks; see walls/looks.py.
    look: Mapped[str] = mapped_column(String(16), default=DEFAULT_LOOK, server_default=DEFAULT_LOOK)
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    # Six hexadecimal digits, or empty for the default colour.
    accent: Mapped[str] = mapped_column(String(6), default="")
    language: Mapped[str] = mapped_column(String(12), default="en")
    # What the form asks, and the words on its button; empty for the default.
    prompt: Mapped[str] = mapped_column(String(PROMPT_LENGTH), default="", server_default="")
    post_label: Mapped[str] = mapped_column(String(POST_LABEL_LENGTH), default="", server_default="")

    @property
    def is_open(self) -> bool:
        """Whether the wall accepts posts."""
        return not self.is_closed and self.archived_at is None

    @property
    def frame_ancestors(self) -> str:
        """The value of the CSP directive `frame-ancestors`.

        It includes `'self'`, since the settings page shows a preview.
        """
        if not self.embedders:
            return "'none'"
        return self.embedders if self.embedders == "*" else f"'self' {self.embedders}"

    def update_settings(self, arrangement: Mapping[str, Any]) -> dict[str, Any]:
        """Set what differs in `arrangement` (column -> value).

        Returns the former values and the former settings version (`arranged`), or an empty dict if nothing differs.
        """
        before = {name: getattr(self, name) for name in arrangement if getattr(self, name) != arrangement[name]}
        for name in before:
            setattr(self, name, arrangement[name])
        return before and self.record_settings_change(before)

    def rename(self, slug: str) -> dict[str, Any]:
        """Change the slug. Returns the former values, as `update_settings` does."""
        before = {"slug": self.slug}
        self.slug = slug
        return self.record_settings_change(before)

    def archive(self) -> dict[str, Any]:
        """Make the wall read-only and unlisted. Returns the former values, as `update_settings` does."""
        self.archived_at = now()
        return self.record_settings_change({"is_archived": False})

    def unarchive(self) -> dict[str, Any]:
        """Undo `archive`. Returns the former values, as `update_settings` does."""
        self.archived_at = None
        return self.record_settings_change({"is_archived": True})

    def record_settings_change(self, before: dict[str, Any]) -> dict[str, Any]:
        """Take the next version, so that open pages refresh. `arranged` records the former settings version."""
        former = {**before, "arranged": self.arranged}
        self.arranged = self.change()
        self.change_for_moderators()
        return former

    def change(self, *, more: int = 0) -> int:
        """A wall's own. Raises NotImplementedError."""
        raise NotImplementedError

    def change_for_moderators(self) -> int:
        """A wall's own. Raises NotImplementedError."""
        raise NotImplementedError
