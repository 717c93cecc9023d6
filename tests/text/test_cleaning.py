"""Text cleaning: what is stored of what people type."""

import time
import unicodedata
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.models.feedback import NAME_CODE_POINTS, NAME_LENGTH, TEXT_CODE_POINTS, TEXT_LENGTH
from feedback_app.text.cleaning import (
    InvalidText,
    characters,
    clean,
    first_character,
    fitting,
    is_blank,
    normal,
    printable,
    shortened,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
# Letters that grow in normal form C, marks of many classes, joiners, overrides, and every kind of line break.
AWKWARD = (
    "\u0344\ufa19\u212a\u0627\u200c\u0915\u094d\u2764\ufe0f\U0001f1e9\U000e0061\uf0b7\x0b"
    "\ufb2c\U0001d160\u0301\u0316\u0f71\u200d\u200b\u202e\u2066\r\n\x85\u2028\x1c\x00\ud800\ue000\uffff"
)
TYPED = st.text(st.characters() | st.sampled_from(AWKWARD), max_size=400)


@settings(deadline=None, max_examples=300)
@given(typed=TYPED, lines=st.booleans())
def test_clean_words_keep_within_every_limit_and_stay_as_they_are(typed: str, lines: bool) -> None:
    try:
        words = clean(typed, most=80, most_code_points=320, lines=lines)
    except InvalidText:
        return
    assert clean(words, most=80, most_code_points=320, lines=lines) == words
    assert len(words) <= 320
    assert characters(words) <= 80
    assert words == normal(words) == words.strip()
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Co") and each not in "\n\t" for each in words)
    assert not set(words) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert lines or not set(words) & set("\n\t\u2028\u2029\u3000")


@pytest.mark.parametrize("grows", ["a" + "\u0344" * 30, "\ufb2c" + "\u0344" * 8, "a" + "\u0344" * 16])
def test_normal_form_carries_no_word_over_a_limit(grows: str) -> None:
    """The contract holds after normalising: U+0344 becomes two code points, U+FB2C three."""
    typed = grows * (NAME_CODE_POINTS // len(grows))
    assert len(unicodedata.normalize("NFC", typed)) > NAME_CODE_POINTS
    with pytest.raises(InvalidText):
        clean(typed, most=NAME_LENGTH, most_code_points=NAME_CODE_POINTS, lines=False)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 0),
        ("abc", 3),
        (FAMILY * 3, 3),
        ("e\u0301", 1),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 2),
        ("a\r\nb", 3),
    ],
)
def test_characters_are_counted_as_a_person_counts_them(words: str, count: int) -> None:
    assert characters(words) == count
    assert first_character(words * 2) == (
        words and words[: len(words) // count] if count < 3 else first_character(words)
    )


def test_both_limits_hold_at_their_very_end() -> None:
    for most, points, lines in ((NAME_LENGTH, NAME_CODE_POINTS, False), (TEXT_LENGTH, TEXT_CODE_POINTS, True)):
        limits = {"most": most, "most_code_points": points, "lines": lines}
        for typed in ("x" * most, f"  {'x' * most}\n", FAMILY * (points // len(FAMILY))):
            assert clean(typed, **limits) == typed.strip()
        for typed in ("x" * (most + 1), FAMILY * (points // len(FAMILY) + 1)):
            with pytest.raises(InvalidText, match="too long"):
                clean(typed, **limits)


@pytest.mark.parametrize(
    "words", ["", " \n\t", "\u200b\ufeff\u2060", "\u2800", "\u3164\u115f", "\u00ad\u180e", "\u3000"]
)
def test_what_cannot_be_seen_is_blank(words: str) -> None:
    assert is_blank(words)
    assert not is_blank(words + "x")


def test_what_came_back_can_always_be_printed() -> None:
    typed = "a\x00b\ud800c\ue000d\uffffe\nf\tg\u202e"
    assert printable(typed) == "ab\N{REPLACEMENT CHARACTER}cde\nf\tg"
    printable(typed).encode()
    assert printable("one\r\ntwo") == "one\ntwo"


def test_thirty_marks_on_a_letter_are_taken_and_one_more_is_not() -> None:
    limits = {"most": 2000, "most_code_points": 8000, "lines": True}
    assert clean("Z" + "\u0316" * 30, **limits) == "Z" + "\u0316" * 30
    with pytest.raises(InvalidText, match="piled"):
        clean("Z" + "\u0316" * 31, **limits)


LIMITS: dict[str, Any] = {"most": 2000, "most_code_points": 8000}
# What came along with pasted words, as it is stored in a text.
REPAIRED = {
    "line break of a slide": ("First line\x0bsecond line", "First line\nsecond line"),
    "page of a PDF": ("End of a page\x0cbeginning", "End of a page\nbeginning"),
    "next line": ("a\x85b\u2028c\u2029d\r\ne\rf", "a\nb\nc\nd\ne\nf"),
    "bullet of Symbol": ("\uf0b7 first\n\uf0b7 second", "• first\n• second"),
    "bullets of Wingdings": ("\uf0a7 a\n\uf0d8 b\n\uf0fc c\n\uf076 d", "• a\n• b\n• c\n• d"),
    "any other one where an item begins": ("  x\n  \uf0aa y", "x\n  • y"),
    "arrows and smileys of office programs": ("a \uf0e0 b \uf04a", "a → b ☺"),
    "other private use": ("a\ue000b\uf8ffc\U000f0000d\U0010fffde", "abcde"),
    "controls": ("a\x00b\x07c\x1b[1md\x7fe\x80f\x9fg\x1ch", "abc[1mdefgh"),
    "noncharacters": ("a\ufdd0b\ufffec\U0001ffffd", "abcd"),
    "what is not assigned, and would not be seen": ("a\u2065b\ufff0c\U000e0fffd", "abcd"),
    "annotations, and what an object stood for": ("a\ufff9b\ufffac\ufffbd\ufffce", "abcde"),
    "soft hyphens": ("Donau\u00addampf\u00adschiff", "Donaudampfschiff"),
    "nothing, of every width": ("a\u200bb\u2060c\ufeffd\u180ee\u3164f\u206ag", "abcdefg"),
    "joiners between letters that do not join": ("O\u200dl\u200cga", "Olga"),
    "tags without a flag": ("x\U000e0001\U000e0068\U000e0069\U000e007fy", "xy"),
    "selectors behind letters": ("A\ufe00B\ufe0fC\U000e0100", "ABC"),
    "directions": ("a\u202eb\u202c\u2066c\u2069", "abc"),
}
MEANT = {
    "emoji": FAMILY + " ❤\ufe0f\u200d🔥 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 ☎\ufe0e 👍🏽 🧑🏻\u200d🤝\u200d🧑🏿",
    "the flag of England": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Devanagari": "क्\u200dष",
    "Sinhala": "ශ්\u200dරී",
    "Malayalam": "ന്\u200d",
    "Khmer without spaces": "ខ្មែរ\u200bស្រី",
    "Hebrew with a mark of direction": "שלום\u200f!",
    "the name of a Japanese town": "葛\U000e0100城",
    "Mongolian": "ᠠ\u180b",
    "old Korean": "\u1100\u1160 \u115f\u1161",
    "a letter of a later Unicode": "a\u0378b",
    "compatibility ideographs": "神\ufa19 \uf900 \uf9dc \ufa10 \U0002f804 \U0002fa1d",
    "a tab": "a\tb",
}


@pytest.mark.parametrize(("typed", "stored"), REPAIRED.values(), ids=REPAIRED)
def test_what_came_along_is_repaired(typed: str, stored: str) -> None:
    assert clean(typed, **LIMITS, lines=True) == stored
    assert clean(typed, **LIMITS, lines=False) == " ".join(stored.split())


@pytest.mark.parametrize("typed", MEANT.values(), ids=MEANT)
def test_what_was_meant_stays(typed: str) -> None:
    assert clean(typed, **LIMITS, lines=True) == typed


@pytest.mark.parametrize(
    "sign", ["\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\u00ad", "\u034f", "\ufe0f"]
)
def test_no_two_names_look_the_same_by_signs_that_nobody_sees(sign: str) -> None:
    for name in ("Olga", "Ольга", "Όλγα", "\u0639\u0644\u06cc", "オルガ", "אולגה"):
        for typed in (sign + name, name + sign, name[:2] + sign + name[2:]):
            stored = clean(typed, **LIMITS, lines=False)
            # Between Arabic letters a joiner can be seen.
            assert stored == name or (name == "\u0639\u0644\u06cc" and sign in "\u200c\u200d" and typed == stored)


def test_what_is_the_same_sign_is_stored_as_one() -> None:
    """Ohm, kelvin, ångström and the Greek tonos look just like their letters."""
    typed = "\u2126 \u212a \u212b \u1f71 \u037e \u0387 e\u0301 \u1112\u1161\u11ab \u0958 \ufb1d"
    assert clean(typed, **LIMITS, lines=True) == unicodedata.normalize("NFC", typed)


def test_limits_are_those_of_what_is_left() -> None:
    text = "\u00ad".join("x" * 2000)
    assert clean(text + "\x00" * 9000, **LIMITS, lines=True) == "x" * 2000
    with pytest.raises(InvalidText, match="too long by 1"):
        clean("\x0b" + text + "\x00y", **LIMITS, lines=True)


@pytest.mark.parametrize("typed", ["\ud800", "a\udfff", "\udc80\udcff"])
def test_lone_surrogates_are_refused(typed: str) -> None:
    with pytest.raises(InvalidText, match="cannot be shown"):
        clean(typed, **LIMITS, lines=True)


# One of each class of grapheme breaks (UAX #29), and what is looked back over.
CLASSES = {
    "regional indicators": "\U0001f1e9",
    "marks": "\u0301",
    "joiners": "\u200d",
    "prepended": "\u0600",
    "spacing": "\u0903",
    "leading jamo": "\u1100",
    "vowel jamo": "\u1161",
    "trailing jamo": "\u11a8",
    "syllables": "\uac00\u11a8",
    "pictures": "\U0001f468",
    "joined pictures": "\U0001f468\u200d",
    "pictures with selectors": "\u2764\ufe0f\u200d",
    "conjuncts": "\u0915\u094d",
    "conjuncts with nukta": "\u0915\u093c\u094d\u200d",
    "line breaks": "\r\n",
    "nothing": "\u200b",
    "tags": "\U000e0061",
    "private use": "\uf0aa ",
}


@settings(deadline=None, max_examples=60)
@given(parts=st.lists(st.sampled_from(sorted(CLASSES.values())), min_size=1, max_size=3), lines=st.booleans())
def test_no_run_of_characters_takes_long(parts: list[str], lines: bool) -> None:
    """As much as a body may hold, of every class; counted in quadratic time, flags took seconds."""
    typed = ("".join(parts) * 14_000)[:14_000]
    started = time.perf_counter()
    for words in (typed, typed[:8000]):
        with suppress(InvalidText):
            clean(words, **LIMITS, lines=lines)
        characters(words)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("character", ["\U0001f1e9\U0001f1ea", FAMILY, "Z\u0301\u0316", "1\ufe0f\u20e3", "한", "👍🏽"])
def test_words_are_cut_between_characters(character: str) -> None:
    cut = shortened(character * 100, 60)
    assert cut == character * 59 + "…"
    assert shortened(character * 60, 60) == character * 60
    assert characters(fitting(character * 100, 80)) == 80 // len(character)


def test_words_are_cut_between_words_where_there_are_any() -> None:
    assert shortened("one two three four", 10) == "one two…"
    assert shortened("a " + "b" * 100, 10) == "a bbbbbbb…"
    assert shortened("one two", 7) == "one two"
