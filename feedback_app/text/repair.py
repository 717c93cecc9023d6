"""Paste repair: replace or remove control characters, symbol-font characters and invisible signs in pasted text.

Slides, documents and PDF files put them into the clipboard. People cannot see them, so a post is not rejected for
them. Invisible signs stay where they have a meaning in a script or in an emoji.
"""

import regex

# Slides and PDF files use U+000B and U+000C as line and page breaks.
_LINE_BREAKS = regex.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_CONTROLS = r"[\p{Cc}--[\n\t]]"
# Symbol and Wingdings characters that office programs insert: bullets, and replacements for --> and :-).
_SYMBOLS = str.maketrans(
    dict.fromkeys("\uf06c\uf06e\uf06f\uf071\uf076\uf09e\uf09f\uf0a7\uf0a8\uf0b7\uf0d8\uf0fc", "•")
    | {"\uf04a": "☺", "\uf04b": "😐", "\uf04c": "☹"}
    | {"\uf0df": "←", "\uf0e0": "→", "\uf0e7": "⇐", "\uf0e8": "⇒", "\uf0f3": "⇔"}
)
# Any other symbol-font character at the start of a line is a bullet.
_ITEM = regex.compile(r"^([ \t]*)[\uf020-\uf0ff](?=[ \t])", regex.M)
# Letters that join or stack: a joiner or non-joiner changes their shape.
_JOINING = (
    r"[[\p{L}\p{M}]--[\p{scx=Latn}\p{scx=Grek}\p{scx=Cyrl}\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Armn}"
    r"\p{scx=Geor}\p{scx=Hebr}\p{scx=Thai}\p{scx=Laoo}\p{scx=Ethi}\p{scx=Cher}\p{scx=Zinh}\p{scx=Zyyy}]]"
)
# Scripts without spaces, where U+200B marks a word boundary.
_SPACELESS = r"[\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}\p{scx=Bali}\p{scx=Java}\p{scx=Lana}]"
_PICTURE = r"\p{Extended_Pictographic}"
# Meaningful invisible signs, each after the character it belongs to; allowed in names and texts.
_MEANT = (
    r"\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{3,6}\U000E007F",  # Flags of England, Scotland and Wales.
    rf"[{_PICTURE}\p{{Emoji_Modifier}}][\uFE0E\uFE0F]?\u200D(?={_PICTURE})",
    r"[0-9#*]\uFE0F(?=\u20E3)",
    rf"[\p{{S}}{_PICTURE}\p{{Myanmar}}\p{{Phags_Pa}}\p{{Manichaean}}][\uFE00-\uFE0F]",
    r"\p{Han}[\uFE00-\uFE0F\U000E0100-\U000E01EF]",
    r"\p{Mongolian}[\u180B-\u180F]",
    r"[\u1100-\u115E\uA960-\uA97C]\u1160|\u115F\u1160?(?=[\u1161-\u11FF\uD7B0-\uD7FB])",
    rf"{_JOINING}[\u200C\u200D]{{1,2}}(?={_JOINING})",
)
_MEANT_IN_LINES = (
    rf"{_JOINING}[\u200C\u200D]{{1,2}}",
    rf"{_SPACELESS}\u200B(?={_SPACELESS})",
    r"\p{M}\u034F(?=\p{M})",
    r"[\u200E\u200F\u061C]",
)
# Tags, directional overrides, fillers, soft hyphens and others; U+FFF9 to U+FFFC replace objects that were not copied.
_LEFT_OUT = rf"[{_CONTROLS}\p{{Co}}\p{{Noncharacter_Code_Point}}\p{{Default_Ignorable_Code_Point}}\uFFF9-\uFFFC]"


def _but(meant: tuple[str, ...]) -> "regex.Pattern[str]":
    """Matches `_LEFT_OUT` except within one of the `meant` patterns."""
    return regex.compile(rf"(?:{'|'.join(meant)})(*SKIP)(*FAIL)|{_LEFT_OUT}", regex.V1)


_SUSPECT = regex.compile(_LEFT_OUT, regex.V1)
_IN_LINES, _IN_NAME = _but(_MEANT + _MEANT_IN_LINES), _but(_MEANT)


def repaired(words: str, *, lines: bool = True) -> str:
    """The text without meaningless characters, every line break as `\\n`. Lone surrogates remain.

    Unless `lines`, the text is a name, where invisible signs without a visible effect are removed too.
    """
    words = _LINE_BREAKS.sub("\n", words)
    if _SUSPECT.search(words) is None:
        return words
    if not words.isascii():
        words = _ITEM.sub(r"\1•", words.translate(_SYMBOLS))
    return (_IN_LINES if lines else _IN_NAME).sub("", words)
