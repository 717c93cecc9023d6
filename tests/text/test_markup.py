"""Text as HTML: links, code and blank lines, safe and in linear time whatever somebody types."""

import re
import time

import pytest

from feedback_app.text.markup import marked_up

REL = 'rel="nofollow ugc noopener"'
MARKED_UP = {
    "See https://a.org/a?b=1&c=2.": f'See <a href="https://a.org/a?b=1&amp;c=2" {REL}>a.org/a?b=1&amp;c=2</a>.',
    "(www.example.org/)": f'(<a href="https://www.example.org/" {REL}>example.org</a>)',
    "https://de.wikipedia.org/wiki/A_(B)!": (
        f'<a href="https://de.wikipedia.org/wiki/A_(B)" {REL}>de.wikipedia.org/wiki/A_(B)</a>!'
    ),
    "http://localhost:8000/x": f'<a href="http://localhost:8000/x" {REL}>localhost:8000/x</a>',
    f"https://a.org/{'x' * 60}": f'<a href="https://a.org/{"x" * 60}" {REL}>a.org/{"x" * 33}…</a>',
    "Use `git reflog`, `a < b`": "Use <code>git reflog</code>, <code>a &lt; b</code>",
    "`https://a.org`": "<code>https://a.org</code>",
    "one `tick, and\n`another": "one `tick, and\n`another",
    "a\n\n\nb": "a\n\n\nb",
    "a\n\n \n\n\nb": "a\n\n\nb",
    "<b> & https://": "&lt;b&gt; &amp; https://",
    "https://user@evil.example": "https://user@evil.example",
    "ann@www.example.org": "ann@www.example.org",
    "javascript://www.x.org": "javascript://www.x.org",
    'https://a.org/"onclick="x': f'<a href="https://a.org/" {REL}>a.org</a>&#34;onclick=&#34;x',
}


@pytest.mark.parametrize("words", MARKED_UP)
def test_words_are_marked_up(words: str) -> None:
    assert marked_up(words) == MARKED_UP[words]


@pytest.mark.parametrize(
    "piece", ["www.", "`", "`a", "https://", "https://a.org).", "(((", "\n ", "\n", "a.a@", "www.a)"]
)
def test_a_hostile_text_takes_no_time_and_adds_no_tags(piece: str) -> None:
    words = piece * (40_000 // len(piece))
    before = time.perf_counter()
    html = marked_up(words)
    assert time.perf_counter() - before < 5
    assert re.sub(r'<a href="[^"<>]*" rel="[a-z ]+">|</a>|</?code>', "", html).count("<") == 0
