"""Folding: what makes two ways to write the same words equal, for search.

It is done once when words are stored, and to what is searched for, so that every database only compares bytes.
"""

import re
import unicodedata

# A column of text in MariaDB holds 65,535 bytes. One character may fold to eighteen, but only in words made for that.
MOST = 16_000
# Accents, Hebrew points and Arabic vowel signs, with the hamza on alef. Vowel signs of Indic scripts and Thai, and the
# two marks of kana, make another letter and stay.
_ACCENTS = (
    "\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08e1\u08e3-\u08ff"
)
# Soft hyphens, joiners, variation selectors, tags, signs of direction, and tatweel, which only stretches a word.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u0640\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
)
_LEFT_OUT = re.compile(f"[{_ACCENTS}{_INVISIBLE}]+")
# Letters, quotes and dashes that no normal form takes apart, though people type the plain ones for them.
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
    """The words in small plain letters, with one space between; at most MOST code points of it.

    What is folded stays as it is when it is folded again.
    """
    if words.isascii():
        return " ".join(words.lower().split())[:MOST]
    plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", words)).casefold()
    plain = _OTHER_DIGITS.sub(lambda digit: str(unicodedata.decimal(digit.group())), plain.translate(_ALIKE))
    # Put together again: syllables of Korean take a third of the room.
    return " ".join(unicodedata.normalize("NFC", plain).split())[:MOST]
