"""Colour contrast by the formulas of WCAG 2.2, and darkening an accent colour until white text is legible on it."""

from math import floor

# The minimum for text of normal size (WCAG success criterion 1.4.3).
ENOUGH = 4.5
WHITE = "ffffff"


def luminance(colour: str) -> float:
    """The relative luminance of a colour of six hexadecimal digits (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def legible(colour: str) -> str:
    """The colour, or the nearest darker one of the same hue on which white text is legible; six hexadecimal digits.

    Luminance is linear in the three channels, so scaling all of them alike gives the luminance wanted.
    """
    if contrast(colour, WHITE) >= ENOUGH:
        return colour
    wanted = (luminance(WHITE) + 0.05) / ENOUGH - 0.05
    dimmed = [channel * wanted / luminance(colour) for channel in _linear(colour)]
    return "".join(f"{_digits(channel):02x}" for channel in dimmed)


def six_digits(colour: str) -> str:
    """The normal form of `0a7` or `#0A7D55`: six lower-case hexadecimal digits."""
    digits = colour.removeprefix("#").lower()
    return "".join(2 * digit for digit in digits) if len(digits) == 3 else digits


def _linear(colour: str) -> list[float]:
    """Linear red, green and blue, each 0 to 1."""
    values = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]


def _digits(channel: float) -> int:
    value = 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
    return floor(value * 255)
