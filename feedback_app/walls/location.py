"""A wall's page or its frame on another site: its URLs, and the look that the frame's query parameters ask for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ..models import Wall
from ..models.pagination import PAGE_SIZE

THEMES = ("auto", "light", "dark")
ACCENT = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
# Punctuation behind the number is ignored, since URLs are copied from sentences.
SIZE = re.compile(r"\s*([0-9]{1,3})\W*")


@dataclass(frozen=True)
class Look:
    """The look of a frame; an empty `theme` or `accent` means that of the wall."""

    theme: str = ""
    accent: str = ""
    has_form: bool = True
    limit: int = PAGE_SIZE

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Look":
        """The look from the query parameters `theme`, `accent`, `form` and `limit`; invalid values are ignored."""
        theme, limit = query.get("theme", ""), query.get("limit", "")
        accent, size = ACCENT.fullmatch(query.get("accent", "")), SIZE.fullmatch(limit)
        return cls(
            theme=theme if theme in THEMES else "",
            accent=accent.group(1).lower() if accent else "",
            has_form=query.get("form") != "off",
            limit=min(max(int(size.group(1)), 1), PAGE_SIZE) if size else PAGE_SIZE,
        )

    @property
    def query(self) -> dict[str, str]:
        """The query parameters for this look, without defaults."""
        parameters = {
            "theme": self.theme,
            "accent": self.accent,
            "form": "" if self.has_form else "off",
            "limit": "" if self.limit == PAGE_SIZE else str(self.limit),
        }
        return {name: value for name, value in parameters.items() if value}


@dataclass(frozen=True)
class Location:
    """A wall's page, or its frame; builds the URLs that lead back to it."""

    slug: str
    is_frame: bool = False
    look: Look = field(default_factory=Look)

    @classmethod
    def of_form(cls, slug: str, query: Mapping[str, str]) -> "Location":
        """Where a form or fragment belongs: the frame for `view=frame`, else the page. No open redirect."""
        return cls.frame(slug, query) if query.get("view") == "frame" else cls(slug)

    @classmethod
    def frame(cls, slug: str, query: Mapping[str, str]) -> "Location":
        """The wall's frame, with the look from the query."""
        return cls(slug, is_frame=True, look=Look.of(query))

    def theme_of(self, wall: Wall) -> str:
        """The theme to show: `auto`, `light` or `dark`."""
        return self.look.theme or wall.theme

    def accent_of(self, wall: Wall) -> str:
        """The accent colour to show, without `#`; empty for the default one."""
        return self.look.accent or wall.accent

    def address(self, **query: object) -> str:
        """The path of the page or frame, with its query."""
        return _address(f"/walls/{self.slug}" + ("/frame" if self.is_frame else ""), {**self.look.query, **query})

    def feedback(self, **query: object) -> str:
        """The path that the form posts to, and that returns older entries."""
        view = {"view": "frame", **self.look.query} if self.is_frame else {}
        return _address(f"/walls/{self.slug}/feedback", {**view, **query})


def _address(path: str, query: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


STREAM_ADDRESS = re.compile(r"/walls/([^/]+)(/moderation)?/live")
