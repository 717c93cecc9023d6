"""Search folding: two spellings of the same words are equal for search."""

# ruff: noqa: RUF001 - Letters that look alike are what this is about.

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.text.folding import MOST, fold

ALIKE = [
    ("Иван Петров", "иван петров"),
    ("ΟΔΥΣΣΕΥΣ", "Ὀδυσσεύς"),
    ("Straße", "STRASSE"),
    ("İstanbul", "istanbul"),
    ("ISPARTA", "\u0131sparta"),
    ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
    ("ｶﾞｷﾞ", "ガギ"),
    ("café", "CAFE\u0301"),
    ("Việt Đức", "viet duc"),
    ("神社", "\ufa19社"),
    ("ﬁne", "FINE"),
    ("مـحـمـد", "مُحَمَّد"),
    ("أحمد", "احمد"),
    ("می\u200cخواهم", "میخواهم"),
    ("كتابي", "کتابی"),
    ("٣٤ ۳۴", "34 34"),
    ("שָׁלוֹם", "שלום"),
    ("Ørsted Łódź Þór", "orsted lodz thor"),
    ("don\u2019t \u2013 \u201cdo\u201d", 'don\'t - "do"'),
    ("ёлка", "ЕЛКА"),
    ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ("ՀԱՅ", "հայ"),
    ("ᲐᲑ", "აბ"),
    ("Donau\u00addampf", "donaudampf"),
    ("❤\ufe0f", "❤"),
    ("a \n\u00a0 b", "A B"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_two_ways_to_write_the_same_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("か", "が"), ("ไม่", "ไมา"), ("कि", "का"), ("は", "ぱ"), ("a", "b"), ("עם", "על")]
)
def test_marks_that_make_another_letter_stay(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@settings(deadline=None, max_examples=500)
@given(st.text(max_size=40))
def test_what_is_folded_stays_as_it_is(words: str) -> None:
    assert fold(fold(words)) == fold(words)
    assert "\n" not in fold(words)


def test_every_column_has_room_for_what_is_folded() -> None:
    """One character becomes eighteen; a text of MariaDB has 65,535 bytes."""
    assert len(fold("\ufdfa" * 2000)) <= MOST
    assert 4 * MOST <= 65_535
