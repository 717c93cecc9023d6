"""Rate limit notation: how `FEEDBACK_POST_LIMIT` is parsed."""

from datetime import timedelta

import pytest

from feedback_app.text.rates import Rate, rates_in

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("5/minute;30/hour", [Rate(5, MINUTE), Rate(30, HOUR)]),
        ("20 per 2 hours, 100/day", [Rate(20, 2 * HOUR), Rate(100, DAY)]),
        (" 3 / Minutes | 1 per 30 seconds", [Rate(3, MINUTE), Rate(1, MINUTE / 2)]),
    ],
)
def test_a_rate_is_a_number_in_a_time(text: str, rates: list[Rate]) -> None:
    assert rates_in(text) == rates


@pytest.mark.parametrize("text", ["", ";", "5", "minute", "5/fortnight", "-5/minute", "5/minute;", "5/minute 30/hour"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not written like"):
        rates_in(text)
