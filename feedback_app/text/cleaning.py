"""What people type, made clean: one way in for every word that is stored, and the sentence for what cannot be."""

import unicodedata
from itertools import islice

import regex

from .messages import Message
from .repair import repaired

_LONE_SURROGATES = regex.compile(r"\p{Cs}")
# Kanji of names that normal form C makes into others, which look different.
_COMPATIBILITY_IDEOGRAPHS = regex.compile(r"([\uF900-\uFAFF\U0002F800-\U0002FA1F]+)")
# Thirty marks on one letter are what the Stream-Safe Text Format of Unicode (UAX #15) allows. The standard library's
# normalisation takes quadratic time over longer runs.
_PILED_MARKS = regex.compile(r"\p{M}{31}")
# As many on one letter reach over the lines above or below.
_TALL_MARKS = regex.compile(r"\p{M}{3}")
_STRONG = regex.compile(r"[\p{Bidi_Class=L}\p{Bidi_Class=R}\p{Bidi_Class=AL}]")
_VISIBLE = regex.compile(r"[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]")
# A scheme, a number with four parts, or words joined by a dot of which the last could be a domain's. Browsers take the
# full stop of Chinese and Japanese for a dot, too; between letters of theirs it only ends a sentence.
_LINK = regex.compile(
    r"\w:/{1,2}\w|\bwww\.|\b\d{1,3}(?:\.\d{1,3}){3}\b|[\p{L}\p{N}]\.(?:\p{L}{2,}|xn--)|[a-z\d]\u3002[a-z]{2,}", regex.I
)
_INVISIBLE_IN_WORDS = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]+")
_SPACES = regex.compile(r"\s+")
_CHARACTER = regex.compile(r"\X")
# Two halves of a flag; for each half `regex` looks back over all that stand before it, which takes quadratic time.
_FLAG = regex.compile(r"\p{Regional_Indicator}{2}")
_PASSES = 3


class InvalidText(ValueError):
    """Words that cannot be stored; the message is a sentence for the person who typed them."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def characters(words: str) -> int:
    """How many characters a person counts (grapheme clusters): a family emoji is one, a letter with accents is one."""
    if words.isascii():
        return len(words) - words.count("\r\n")
    return len(_CHARACTER.findall(_FLAG.sub("x", words)))


def first_character(words: str) -> str:
    found = _CHARACTER.match(words)
    return found.group() if found else ""


def shortened(words: str, most: int) -> str:
    """The words, or as many of the first ones as have room in `most` characters with an ellipsis behind them."""
    found = [each.group() for each in islice(_CHARACTER.finditer(words), most + 1)]
    if len(found) <= most:
        return words
    beginning = "".join(found[: most - 1])
    until_space = beginning if found[most - 1].isspace() else beginning.rpartition(" ")[0]
    # Many scripts have no spaces, and one very long word is better cut than left out.
    return (until_space if 2 * len(until_space) > len(beginning) else beginning).rstrip() + "…"


def fitting(words: str, most_code_points: int) -> str:
    """As many whole characters of the beginning as have room in a column of that length."""
    if len(words) <= most_code_points:
        return words
    ends = (each.end() for each in _CHARACTER.finditer(words[: most_code_points + 1]))
    return words[: max((end for end in ends if end <= most_code_points), default=0)]


def clean(words: str, *, most: int, most_code_points: int, lines: bool) -> str:
    """The words as they are stored: repaired, trimmed, normal, with plain line breaks or, without `lines`, none.

    `most` is counted in characters as a person counts them. Lengths are looked at before anything costly is done.
    """
    words = _trimmed(repaired(words, lines=lines), lines=lines)
    _check_parts(words, most, most_code_points)
    if _LONE_SURROGATES.search(words):
        raise InvalidText(Message("This contains a character that cannot be shown. Remove it, or type the words anew."))
    if not words.isascii():
        words = _settled(words, lines=lines)
        # Some characters are two or three in normal form.
        _check_parts(words, most, most_code_points)
    # Nobody counts more characters than there are code points.
    if len(words) > most and (count := characters(words)) > most:
        raise InvalidText(
            Message("This is too long by %(over)s: %(most)s characters at most.", over=count - most, most=most)
        )
    return words


def normal(words: str) -> str:
    """Normal form C, in which each compatibility ideograph stays the one that was typed."""
    if words.isascii():
        return words
    parts = _COMPATIBILITY_IDEOGRAPHS.split(words)
    parts[::2] = [unicodedata.normalize("NFC", each) for each in parts[::2]]
    return "".join(parts)


def _settled(words: str, *, lines: bool) -> str:
    """In normal form, which may put something else before a sign that is kept only behind certain letters."""
    for _ in range(_PASSES):
        before, words = words, _trimmed(repaired(normal(words), lines=lines), lines=lines)
        if words == before:
            break
    return normal(words)


def _trimmed(words: str, *, lines: bool) -> str:
    return words.strip() if lines else _SPACES.sub(" ", words.strip())


def _check_parts(words: str, most: int, most_code_points: int) -> None:
    if len(words) > most_code_points:
        raise InvalidText(
            Message("This is too long: %(most)s characters at most, fewer of those made of many parts.", most=most)
        )
    if not words.isascii() and _PILED_MARKS.search(words):
        raise InvalidText(Message("Too many accents are piled on one letter here."))


def has_link(words: str) -> bool:
    """Whether anything in it looks like a link or a domain; rather once too often than once too seldom."""
    return bool(_LINK.search(unicodedata.normalize("NFKC", _INVISIBLE_IN_WORDS.sub("", words))))


def is_blank(words: str) -> bool:
    """Whether nothing of it can be seen."""
    return _VISIBLE.search(words) is None


def is_tall(words: str) -> bool:
    """Whether so many marks stand on one letter that it is higher than its line."""
    return not words.isascii() and bool(_TALL_MARKS.search(words))


def is_rtl(words: str) -> bool:
    """Whether they begin from the right: by the first letter that has a direction (UAX #9, rule P2)."""
    if words.isascii():
        return False
    strong = _STRONG.search(words)
    return strong is not None and unicodedata.bidirectional(strong.group()) != "L"


def printable(words: str) -> str:
    """The words as they can be given back to the person who sent them, whatever they are."""
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", repaired(words))
