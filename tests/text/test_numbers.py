"""Reading whole numbers from requests."""

import pytest

from feedback_app.text.numbers import parse_id


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1 ", "1_000", "1.0", "0x1", "\u0661", "²", "1" * 19, "x"])
def test_what_is_not_a_whole_number_of_ascii_digits_is_none(text: str) -> None:
    assert parse_id(text) is None


def test_a_number_is_read_up_to_its_length() -> None:
    assert (parse_id("0"), parse_id("007"), parse_id("9" * 18)) == (0, 7, 10**18 - 1)
    assert parse_id("9" * 40, digits=40) == 10**40 - 1
