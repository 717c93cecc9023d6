"""The size in which a text is shown: emoji alone and one-liners are larger than the rest."""

from unicodedata import east_asian_width

import regex

from .cleaning import characters, is_tall

EMOJI_AT_MOST = 8
# As wide as the narrowest card in the larger type, in columns: a wide character of Chinese or Japanese takes two.
SHORT_AT_MOST = 40
# A family with skin colours has ten code points, the flag of Scotland seven.
_MOST_CODE_POINTS = 10
# One emoji (UTS #51, section 1.4.9): a keycap, a flag, or pictures that are joined, with their variations and tags.
# These three signs count as pictures, but are used as letters.
_PICTURE = r"(?![©®™])\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*+[\U000E0020-\U000E007F]*+"
_EMOJI = regex.compile(
    rf"(?:(?:[\d#*]\uFE0F?\u20E3|\p{{Regional_Indicator}}{{2}}|{_PICTURE}(?:\u200D{_PICTURE})*+)\s*+){{1,{EMOJI_AT_MOST}}}+"
)


def display_size(words: str) -> str:
    """`emoji` for a few emoji and nothing else, `short` for one short line, or an empty string."""
    if "\n" in words or len(words) > EMOJI_AT_MOST * _MOST_CODE_POINTS:
        return ""
    if not words.isascii():
        if _EMOJI.fullmatch(words):
            return "emoji"
        if is_tall(words):
            return ""
    return "short" if _columns(words) <= SHORT_AT_MOST else ""


def _columns(words: str) -> int:
    if words.isascii():
        return len(words)
    return characters(words) + sum(east_asian_width(each) in "WF" for each in words)
