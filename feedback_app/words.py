"""What people type, made clean: one way in for every word that is stored, and the sentence for what cannot be."""

import unicodedata

import regex

from .sentences import Sentence

# Directions that reach beyond their own line can make neighbours read backwards; marks for one letter are harmless.
_OVERRIDES = regex.compile(r"[\u202A-\u202E\u2066-\u2069]")
_LINE_BREAKS = regex.compile(r"\r\n?|\u0085")
# Code points that are reserved for emoji to come are not "unassigned" for somebody whose phone already has them.
_UNWRITABLE = regex.compile(r"[[\p{Cc}--[\n\t]]\p{Cs}\p{Co}[\p{Cn}--\p{Extended_Pictographic}]]", regex.V1)
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


class Unfit(ValueError):
    """Words that cannot be stored; the message is a sentence for the person who typed them."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def characters(words: str) -> int:
    """How many characters a person counts (grapheme clusters): a family emoji is one, a letter with accents is one."""
    return len(_CHARACTER.findall(words))


def first_character(words: str) -> str:
    found = _CHARACTER.match(words)
    return found.group() if found else ""


def clean(words: str, *, most: int, most_code_points: int, lines: bool) -> str:
    """The words as they are stored: trimmed, in normal form C, with plain line breaks or, without `lines`, none.

    `most` is counted in characters as a person counts them. Lengths are looked at before anything costly is done.
    """
    words = _LINE_BREAKS.sub("\n", words)
    if not words.isascii():
        words = _OVERRIDES.sub("", words)
    words = words.strip() if lines else _SPACES.sub(" ", words.strip())
    _check_parts(words, most, most_code_points)
    if _UNWRITABLE.search(words):
        raise Unfit(Sentence("This contains a character that cannot be shown. Remove it, or type the words anew."))
    if not words.isascii():
        words = unicodedata.normalize("NFC", words)
        # Some characters are two or three in normal form.
        _check_parts(words, most, most_code_points)
    # Nobody counts more characters than there are code points.
    if len(words) > most and (count := characters(words)) > most:
        raise Unfit(
            Sentence("This is too long by %(over)s: %(most)s characters at most.", over=count - most, most=most)
        )
    return words


def _check_parts(words: str, most: int, most_code_points: int) -> None:
    if len(words) > most_code_points:
        raise Unfit(
            Sentence("This is too long: %(most)s characters at most, fewer of those made of many parts.", most=most)
        )
    if not words.isascii() and _PILED_MARKS.search(words):
        raise Unfit(Sentence("Too many accents are piled on one letter here."))


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
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", _LINE_BREAKS.sub("\n", words))
