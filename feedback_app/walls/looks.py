"""Looks of walls (themes): their grounds and accents, and the style sheet of one look with one accent colour.

Contrast is computed here, and not by the browser: as a fill the accent stays what the owner chose, with black or white
ink; as text, ring or edge it is moved, per theme, until it can be seen on every ground of the look.
"""

import re
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from ..models.wall_settings import DEFAULT_LOOK
from ..text.messages import Message
from .contrast import BLACK, ENOUGH, ENOUGH_FOR_EDGES, WHITE, contrast, ink_on, mixed, moved, six_digits

if TYPE_CHECKING:
    from ..web.assets import Asset

HEXADECIMAL = re.compile(r"[0-9a-f]{6}")
ADDRESS = re.compile(r"([a-z]+)-([0-9a-f]{6}|own)\.([0-9a-f]{12})")
# The name of the look in addresses for frames, which stand on the ground of another site.
FRAME = "frame"
OWN = "own"
TYPE = "text/css; charset=utf-8"
# How much of the accent is in a soft fill, as in static/css/tokens.css, and some more for its rounding.
SOFT = 0.13


@dataclass(frozen=True)
class Grounds:
    """Colours of one theme of a look, on which everything else stands; six hexadecimal digits each."""

    page: str
    sunken: str
    surface: str
    raised: str

    @property
    def all(self) -> tuple[str, ...]:
        return self.page, self.sunken, self.surface, self.raised


@dataclass(frozen=True)
class WallLook:
    """A look: its label for owners, its accent, and its grounds. Its style sheet in static/css/looks has the rest."""

    label: Message
    accent: str
    light: Grounds
    dark: Grounds


@dataclass(frozen=True)
class AccentColours:
    """The colours that come from an accent: as a fill with its ink, and as text and edges in light and dark."""

    fill: str
    ink: str
    text: tuple[str, ...]
    edge: tuple[str, ...]


PLAIN = WallLook(
    Message("Plain"),
    "4f46e5",
    Grounds("f6f5f2", "efede8", "ffffff", "ffffff"),
    Grounds("0e1014", "111419", "171a20", "1f232b"),
)
LOOKS = {
    DEFAULT_LOOK: PLAIN,
    "paper": WallLook(
        Message("Paper"),
        "9a3412",
        Grounds("f7f1e3", "f0e8d6", "fffdf7", "fffdf7"),
        Grounds("14110c", "181510", "1e1a13", "26211a"),
    ),
    "dawn": WallLook(
        Message("Dawn"),
        "be185d",
        Grounds("fbf2f2", "f5e9ea", "ffffff", "ffffff"),
        Grounds("140c12", "191017", "1f151d", "281b25"),
    ),
    "meadow": WallLook(
        Message("Meadow"),
        "15803d",
        Grounds("f1f6ee", "e8f0e3", "ffffff", "ffffff"),
        Grounds("0b120d", "0f1711", "141d17", "1b261e"),
    ),
    "tide": WallLook(
        Message("Tide"),
        "0e7490",
        Grounds("eff5f7", "e5eff2", "ffffff", "ffffff"),
        Grounds("0a1216", "0e171c", "131e24", "1a272e"),
    ),
    "ember": WallLook(
        Message("Ember"),
        "c2410c",
        Grounds("f7f4f2", "f0ebe8", "ffffff", "ffffff"),
        Grounds("120e0c", "171210", "1d1714", "261e1a"),
    ),
    "orchid": WallLook(
        Message("Orchid"),
        "a21caf",
        Grounds("f8f3fb", "f1e9f6", "ffffff", "ffffff"),
        Grounds("110b16", "160f1c", "1c1424", "251b2f"),
    ),
    "night": WallLook(
        Message("Night"),
        "2563eb",
        Grounds("f0f3f9", "e6ebf4", "ffffff", "ffffff"),
        Grounds("060912", "0a0e19", "101624", "172030"),
    ),
}


def _accent(typed: str) -> str:
    """Six digits, or nothing for a value that is no colour: an earlier version of the program did not check it."""
    digits = six_digits(typed)
    return digits if HEXADECIMAL.fullmatch(digits) else ""


def look_of(name: str) -> WallLook:
    """The look of this name; the default one for a name from a newer version of the program."""
    return LOOKS.get(name, PLAIN)


def accent_colours(accent: str, look: WallLook) -> AccentColours:
    """All colours that come from this accent (six digits, or empty for the look's own) on the grounds of a look."""
    fill = _accent(accent) or look.accent
    themes = (BLACK, look.light.all), (WHITE, look.dark.all)
    text, edge = (
        tuple(moved(fill, towards, partial(_is_enough, grounds, ratio, soft)) for towards, grounds in themes)
        for ratio, soft in ((ENOUGH, SOFT), (ENOUGH_FOR_EDGES, 0.0))
    )
    return AccentColours(fill, ink_on(fill), text, edge)


def _is_enough(grounds: tuple[str, ...], ratio: float, soft: float, colour: str) -> bool:
    """Whether the colour has this contrast with the grounds, and with so soft a fill of itself on each of them."""
    return all(contrast(colour, mixed(colour, each, part)) >= ratio for each in grounds for part in {0.0, soft})


def stylesheet_path(look: str, accent: str, *, is_frame: bool = False) -> str:
    """The path of the style sheet, below the root; empty where the default colours need none."""
    accent = _accent(accent)
    if is_frame:
        accent = accent or look_of(look).accent
        return "" if accent == PLAIN.accent else _path(FRAME, accent)
    return (
        ""
        if look_of(look) is PLAIN and accent in ("", PLAIN.accent)
        else _path(look if look in LOOKS else DEFAULT_LOOK, accent)
    )


def stylesheet_at(name: str) -> "tuple[Asset, bool] | None":
    """The style sheet of this name in a path, and whether the name has its current digest; None if there is none."""
    found = ADDRESS.fullmatch(name)
    if found is None or (found[1] not in LOOKS and found[1] != FRAME):
        return None
    asset = stylesheet(found[1], found[2] if found[2] != OWN else "")
    return asset, asset.digest == found[3]


@lru_cache(maxsize=256)
def stylesheet(look: str, accent: str) -> "Asset":
    """The tokens of a look with this accent, or those of an accent alone for `frame`."""
    # Imported late: commands start without Quart.
    from ..web.assets import Asset, assets

    chosen = look_of(look)
    colours = accent_colours(accent, chosen)
    tokens = (
        {}
        if look == FRAME
        else {
            f"--{name}": _by_theme(getattr(chosen.light, name), getattr(chosen.dark, name))
            for name in ("page", "sunken", "surface", "raised")
        }
    )
    tokens |= {
        "--accent-seed": f"#{colours.fill}",
        "--accent": f"#{colours.fill}",
        "--on-accent": f"#{colours.ink}",
        "--accent-text": _by_theme(*colours.text),
        "--accent-edge": _by_theme(*colours.edge),
    }
    rules = "".join(f"{name}:{value};" for name, value in tokens.items())
    more = assets().by_name.get(f"look-{look}.css")
    css = f"@layer tokens{{:root{{{rules.rstrip(';')}}}}}" + (more.content.decode() if more else "")
    return Asset(css.encode(), TYPE)


def _path(look: str, accent: str) -> str:
    return f"/looks/{look}-{accent or OWN}.{stylesheet(look, accent).digest}.css"


def _by_theme(light: str, dark: str) -> str:
    return f"#{light}" if light == dark else f"light-dark(#{light},#{dark})"
