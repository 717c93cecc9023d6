"""Colour contrast by the formulas of WCAG 2.2, and moving a colour until it can be read on its grounds."""

from collections.abc import Callable

# The minimum for text of normal size (WCAG success criterion 1.4.3).
ENOUGH = 4.5
# The minimum for what carries meaning and is no text: fields, rings, edges (success criterion 1.4.11).
ENOUGH_FOR_EDGES = 3
WHITE, BLACK = "ffffff", "000000"
# Halvings, until a channel is the same to the digit.
STEPS = 9


def luminance(colour: str) -> float:
    """The relative luminance of a colour of six hexadecimal digits (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(colour: str) -> str:
    """White where it can be read on this colour, else black, which can be read wherever white cannot."""
    return WHITE if contrast(colour, WHITE) >= ENOUGH else BLACK


def mixed(colour: str, ground: str, part: float) -> str:
    """So large a part of the colour, and the rest of the ground."""
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return "".join(f"{round(one * part + other * (1 - part)):02x}" for one, other in pairs)


def moved(colour: str, towards: str, is_enough: Callable[[str], bool]) -> str:
    """The colour, or the nearest one on its way to black or white that is enough; else the end of that way.

    On the way to black all three channels are scaled alike, which keeps the hue.
    """
    if is_enough(colour):
        return colour
    enough, short = 1.0, 0.0
    for _ in range(STEPS):
        middle = (enough + short) / 2
        if is_enough(mixed(towards, colour, middle)):
            enough = middle
        else:
            short = middle
    return mixed(towards, colour, enough)


def six_digits(colour: str) -> str:
    """The normal form of `0a7` or `#0A7D55`: six lower-case hexadecimal digits."""
    digits = colour.removeprefix("#").lower()
    return "".join(2 * digit for digit in digits) if len(digits) == 3 else digits


def _linear(colour: str) -> list[float]:
    """Linear red, green and blue, each 0 to 1."""
    values = [each / 255 for each in _channels(colour)]
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (0, 2, 4)]
