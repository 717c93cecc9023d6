"""Display size: a few emoji and one-liners are shown large, everything else calmly."""

import time

import pytest

from feedback_app.text.display_size import display_size

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
SIZES = {
    "emoji": ["👏👏", "❤", "❤\ufe0f", "👍🏽 👍🏿", "1\ufe0f\u20e3", "🇩🇪🇫🇷", "🙈" * 8, FAMILY * 8, SCOTLAND],
    "short": ["Yes", "12", "#1", "©", "The coffee was excellent.", "🙈 ok", "🙈" * 9, "x" * 40, "日本" * 10],
    "": ["x" * 41, "日本語" * 7, "two\nlines", "👍\n👍", "Z" + "\u0301" * 15],
}


@pytest.mark.parametrize(("size", "words"), [(size, each) for size, texts in SIZES.items() for each in texts])
def test_the_size_follows_the_words(size: str, words: str) -> None:
    assert display_size(words) == size


def test_a_hostile_text_is_measured_in_no_time() -> None:
    before = time.perf_counter()
    for words in ("👨\u200d" * 4000, "🇩" * 8000, "1\ufe0f" * 4000, "👍🏽" * 39 + "x"):
        display_size(words)
    assert time.perf_counter() - before < 0.05
