"""Text cleaning: validate and normalise user input (Unicode NFC), measure it in characters, and detect links."""

import unicodedata
from itertools import islice

import regex

from .messages import Message
from .repair import repaired

_LONE_SURROGATES = regex.compile(r"\p{Cs}")
# Kanji in names: NFC would replace them with characters that look different.
_COMPATIBILITY_IDEOGRAPHS = regex.compile(r"([\uF900-\uFAFF\U0002F800-\U0002FA1F]+)")
# Unicode's Stream-Safe Text Format (UAX #15) allows 30 marks on one letter. Normalising longer runs takes quadratic
# time in the standard library.
_PILED_MARKS = regex.compile(r"\p{M}{31}")
# Three marks on one letter reach into the lines above or below.
_TALL_MARKS = regex.compile(r"\p{M}{3}")
_STRONG = regex.compile(r"[\p{Bidi_Class=L}\p{Bidi_Class=R}\p{Bidi_Class=AL}]")
_VISIBLE = regex.compile(r"[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]")
# A scheme, an IPv4 address, or words joined by a dot whose last part could be a top-level domain. Browsers also read
# the Chinese and Japanese full stop as a dot; between CJK letters it only ends a sentence.
_LINK = regex.compile(
    r"\w:/{1,2}\w|\bwww\.|\b\d{1,3}(?:\.\d{1,3}){3}\b|[\p{L}\p{N}]\.(?:\p{L}{2,}|xn--)|[a-z\d]\u3002[a-z]{2,}", regex.I
)
_INVISIBLE_IN_WORDS = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]+")
_SPACES = regex.compile(r"\s+")
_CHARACTER = regex.compile(r"\X")
# Two halves of a flag. `regex` looks back over all earlier halves for each one, which takes quadratic time.
_FLAG = regex.compile(r"\p{Regional_Indicator}{2}")
_PASSES = 3


class InvalidText(ValueError):
    """Text that cannot be stored. `sentence` is the message for the person who typed it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def characters(words: str) -> int:
    """Number of grapheme clusters: a family emoji counts as one, a letter with accents counts as one."""
    if words.isascii():
        return len(words) - words.count("\r\n")
    return len(_CHARACTER.findall(_FLAG.sub("x", words)))


def first_character(words: str) -> str:
    """The first grapheme cluster, or an empty string."""
    found = _CHARACTER.match(words)
    return found.group() if found else ""


def shortened(words: str, most: int) -> str:
    """The text cut to `most` characters including an ellipsis, at a space where there is one."""
    found = [each.group() for each in islice(_CHARACTER.finditer(words), most + 1)]
    if len(found) <= most:
        return words
    beginning = "".join(found[: most - 1])
    until_space = beginning if found[most - 1].isspace() else beginning.rpartition(" ")[0]
    # Many scripts have no spaces, and a very long word is better cut than dropped.
    return (until_space if 2 * len(until_space) > len(beginning) else beginning).rstrip() + "…"


def fitting(words: str, most_code_points: int) -> str:
    """The longest beginning of whole grapheme clusters that fits into a column of `most_code_points`."""
    if len(words) <= most_code_points:
        return words
    ends = (each.end() for each in _CHARACTER.finditer(words[: most_code_points + 1]))
    return words[: max((end for end in ends if end <= most_code_points), default=0)]


def clean(words: str, *, most: int, most_code_points: int, lines: bool) -> str:
    """The text as it is stored: repaired, trimmed, in NFC. Line breaks are `\\n`, or spaces unless `lines`.

    `most` counts grapheme clusters, `most_code_points` code points. Raises InvalidText when the text is too long,
    contains a lone surrogate, or has too many marks on one letter.
    """
    words = _trimmed(repaired(words, lines=lines), lines=lines)
    _check_parts(words, most, most_code_points)
    if _LONE_SURROGATES.search(words):
        raise InvalidText(
            Message("This contains a character that cannot be shown. Remove it, or type the words again.")
        )
    if not words.isascii():
        words = _normalised(words, lines=lines)
        # NFC turns some characters into two or three.
        _check_parts(words, most, most_code_points)
    # There are never more grapheme clusters than code points.
    if len(words) > most and (count := characters(words)) > most:
        raise InvalidText(
            Message("This is too long by %(over)s: %(most)s characters at most.", over=count - most, most=most)
        )
    return words


def normal(words: str) -> str:
    """The text in NFC, except that compatibility ideographs stay as typed."""
    if words.isascii():
        return words
    parts = _COMPATIBILITY_IDEOGRAPHS.split(words)
    parts[::2] = [unicodedata.normalize("NFC", each) for each in parts[::2]]
    return "".join(parts)


def _normalised(words: str, *, lines: bool) -> str:
    """Normalise and repair until stable: NFC can change the letter that an invisible sign depends on."""
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
    """Whether the text contains something like a link or a domain. False positives are accepted."""
    return bool(_LINK.search(unicodedata.normalize("NFKC", _INVISIBLE_IN_WORDS.sub("", words))))


def is_blank(words: str) -> bool:
    """Whether the text contains no visible character."""
    return _VISIBLE.search(words) is None


def is_tall(words: str) -> bool:
    """Whether a letter carries so many marks that it is taller than its line."""
    return not words.isascii() and bool(_TALL_MARKS.search(words))


def is_rtl(words: str) -> bool:
    """Whether the text runs right to left, by its first strongly directional letter (UAX #9, rule P2)."""
    if words.isascii():
        return False
    strong = _STRONG.search(words)
    return strong is not None and unicodedata.bidirectional(strong.group()) != "L"


def printable(words: str) -> str:
    """Any input, even invalid, in a form that can be shown to the person who sent it."""
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", repaired(words))
