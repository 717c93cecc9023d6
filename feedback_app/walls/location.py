"""Where somebody is: on a wall's page or in a frame on another site, and how its host wanted the frame to look."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ..models import Wall
from ..models.pagination import PAGE_SIZE

THEMES = ("auto", "light", "dark")
ACCENT = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
# With what a sentence left behind it.
SIZE = re.compile(r"\s*([0-9]{1,3})\W*")


@dataclass(frozen=True)
class Look:
    """What a frame's address asks for; whatever it asks for that cannot be is left out.

    Where it asks for no theme and no accent, the frame has those of the wall.
    """

    theme: str = ""
    accent: str = ""
    has_form: bool = True
    limit: int = PAGE_SIZE

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Look":
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
        """The same again for an address, without what is the default."""
        said = {
            "theme": self.theme,
            "accent": self.accent,
            "form": "" if self.has_form else "off",
            "limit": "" if self.limit == PAGE_SIZE else str(self.limit),
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class Location:
    """A wall's page, or its frame; it makes the addresses that lead back to the same place."""

    slug: str
    is_frame: bool = False
    look: Look = field(default_factory=Look)

    @classmethod
    def of_form(cls, slug: str, query: Mapping[str, str]) -> "Location":
        """Where a form or a fragment belongs: only the two places of the same wall can be said."""
        return cls.frame(slug, query) if query.get("view") == "frame" else cls(slug)

    @classmethod
    def frame(cls, slug: str, query: Mapping[str, str]) -> "Location":
        return cls(slug, is_frame=True, look=Look.of(query))

    def theme_of(self, wall: Wall) -> str:
        return self.look.theme or wall.theme

    def accent_of(self, wall: Wall) -> str:
        return self.look.accent or wall.accent

    def address(self, **query: object) -> str:
        """The page itself."""
        return _address(f"/walls/{self.slug}" + ("/frame" if self.is_frame else ""), {**self.look.query, **query})

    def feedback(self, **query: object) -> str:
        """Where the form goes, and where older slices come from."""
        view = {"view": "frame", **self.look.query} if self.is_frame else {}
        return _address(f"/walls/{self.slug}/feedback", {**view, **query})


def _address(path: str, query: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


STREAM_ADDRESS = re.compile(r"/walls/([^/]+)(/moderation)?/live")
