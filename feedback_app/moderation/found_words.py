"""Highlighting: the words of a search, marked in a text in which they are written in another way."""

from functools import lru_cache

from markupsafe import Markup, escape

from ..text.cleaning import shortened
from ..text.folding import fold

LINE_LENGTH = 160
# Characters before the first found word in a line.
LEAD = 30


def marked(text: str, words: str) -> Markup:
    """The text as HTML, with each of the words in <mark>."""
    if not words:
        return escape(text)
    parts, end = [], 0
    for first, last in _spans(text, words):
        parts.append(escape(text[end:first]) + Markup("<mark>{}</mark>").format(text[first:last]))
        end = last
    return Markup("").join([*parts, escape(text[end:])])


def excerpt(text: str, words: str) -> str:
    """The text in one line, cut to what fits; it begins shortly before the first of the words."""
    line = " ".join(text.split())
    first = next(iter(_spans(line, words)), (0, 0))[0] if words else 0
    # A line that starts within a grapheme cluster would show half of a letter.
    start = line.rfind(" ", 0, first - LEAD) + 1 if first > 2 * LEAD else 0
    return shortened(("…" if start else "") + line[start:], LINE_LENGTH)


def _spans(text: str, words: str) -> list[tuple[int, int]]:
    """The places of the words in the text, in order and without overlaps."""
    folded, origins = [], []
    for place, character in enumerate(text):
        piece = _folded(character)
        folded.append(piece)
        origins += [place] * len(piece)
    line, found = "".join(folded), []
    for word in set(fold(words).split()):
        at = line.find(word)
        while at >= 0:
            found.append((origins[at], origins[at + len(word) - 1] + 1))
            at = line.find(word, at + len(word))
    return _joined(sorted(found))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    return fold(character) or (" " if character.isspace() else "")
