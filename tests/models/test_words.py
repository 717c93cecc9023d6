"""Words as they are stored: what becomes of what people type."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.models.feedback import NAME_CODE_POINTS, NAME_LENGTH, TEXT_CODE_POINTS, TEXT_LENGTH
from feedback_app.words import Unfit, characters, clean, first_character, is_blank, printable

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
# Letters that grow in normal form C, marks of many classes, joiners, overrides, and every kind of line break.
AWKWARD = "\u0344\ufb2c\U0001d160\u0301\u0316\u0f71\u200d\u200b\u202e\u2066\r\n\x85\u2028\x1c\x00\ud800\ue000\uffff"
TYPED = st.text(st.characters() | st.sampled_from(AWKWARD), max_size=400)


@settings(deadline=None, max_examples=300)
@given(typed=TYPED, lines=st.booleans())
def test_clean_words_keep_within_every_limit_and_stay_as_they_are(typed: str, lines: bool) -> None:
    try:
        words = clean(typed, most=80, most_code_points=320, lines=lines)
    except Unfit:
        return
    assert clean(words, most=80, most_code_points=320, lines=lines) == words
    assert len(words) <= 320
    assert characters(words) <= 80
    assert words == unicodedata.normalize("NFC", words) == words.strip()
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Co") and each not in "\n\t" for each in words)
    assert not set(words) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert lines or not set(words) & set("\n\t\u2028\u2029\u3000")


@pytest.mark.parametrize("grows", ["a" + "\u0344" * 30, "\ufb2c" + "\u0344" * 8, "a" + "\u0344" * 16])
def test_normal_form_carries_no_word_over_a_limit(grows: str) -> None:
    """The contract holds after normalising: U+0344 becomes two code points, U+FB2C three."""
    typed = grows * (NAME_CODE_POINTS // len(grows))
    assert len(unicodedata.normalize("NFC", typed)) > NAME_CODE_POINTS
    with pytest.raises(Unfit):
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
    """Requirement 36."""
    assert characters(words) == count
    assert first_character(words * 2) == (
        words and words[: len(words) // count] if count < 3 else first_character(words)
    )


def test_both_limits_hold_at_their_very_end() -> None:
    """Requirement 36."""
    for most, points, lines in ((NAME_LENGTH, NAME_CODE_POINTS, False), (TEXT_LENGTH, TEXT_CODE_POINTS, True)):
        limits = {"most": most, "most_code_points": points, "lines": lines}
        for typed in ("x" * most, f"  {'x' * most}\n", FAMILY * (points // len(FAMILY))):
            assert clean(typed, **limits) == typed.strip()
        for typed in ("x" * (most + 1), FAMILY * (points // len(FAMILY) + 1)):
            with pytest.raises(Unfit, match="too long"):
                clean(typed, **limits)


@pytest.mark.parametrize(
    "words", ["", " \n\t", "\u200b\ufeff\u2060", "\u2800", "\u3164\u115f", "\u00ad\u180e", "\u3000"]
)
def test_what_cannot_be_seen_is_blank(words: str) -> None:
    assert is_blank(words)
    assert not is_blank(words + "x")


def test_what_came_back_can_always_be_printed() -> None:
    typed = "a\x00b\ud800c\ue000d\uffffe\nf\tg\u202e"
    assert printable(typed) == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d" \
        "\N{REPLACEMENT CHARACTER}e\nf\tg\u202e"  # fmt: skip
    printable(typed).encode()
    assert printable("one\r\ntwo") == "one\ntwo"


def test_thirty_marks_on_a_letter_are_taken_and_one_more_is_not() -> None:
    """Requirement 35."""
    limits = {"most": 2000, "most_code_points": 8000, "lines": True}
    assert clean("Z" + "\u0316" * 30, **limits) == "Z" + "\u0316" * 30
    with pytest.raises(Unfit, match="piled"):
        clean("Z" + "\u0316" * 31, **limits)
