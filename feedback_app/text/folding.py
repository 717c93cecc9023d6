"""Search folding: lower case, no accents, plain letters and digits.

Text is folded once when it is stored, and queries are folded too, so that every database only compares bytes.
"""

import re
import unicodedata

# A MariaDB TEXT column holds 65,535 bytes. One character can fold to 18, but only in text crafted for it.
MOST = 16_000
# Accents, Hebrew points, Arabic vowel signs and the hamza on alef. Indic and Thai vowel signs and the kana marks stay:
# they make another letter.
_ACCENTS = (
    "\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08e1\u08e3-\u08ff"
)
# Soft hyphens, joiners, variation selectors, tags, directional marks, and tatweel, which only stretches a word.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u0640\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
)
_LEFT_OUT = re.compile(f"[{_ACCENTS}{_INVISIBLE}]+")
# Letters, quotes and dashes that NFKD leaves as they are, although people type the plain ones instead.
_ALIKE = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ł": "l", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
    # Alef maksura, Persian yeh and kaf, teh marbuta, alef wasla.
    | {"\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647", "\u0671": "\u0627"}
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u02bb\u02bc\u2032\u2039\u203a", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2044\u2215", "/")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)
_OTHER_DIGITS = re.compile(r"(?![0-9])\d")


def fold(words: str) -> str:
    """The text in plain lower-case letters with single spaces, cut to MOST code points. Idempotent."""
    if words.isascii():
        return " ".join(words.lower().split())[:MOST]
    plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", words)).casefold()
    plain = _OTHER_DIGITS.sub(lambda digit: str(unicodedata.decimal(digit.group())), plain.translate(_ALIKE))
    # NFC: Korean syllables take a third of the space.
    return " ".join(unicodedata.normalize("NFC", plain).split())[:MOST]
