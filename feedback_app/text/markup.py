"""Text as HTML: clickable links, `code` in backticks, and at most two blank lines in a row. It is stored as typed.

Safe by construction: each piece is escaped before a tag is put around it. Linear: a split by one pattern without nested
repetition.
"""

import re
from functools import lru_cache

from markupsafe import Markup, escape

LINK_AT_MOST = 40
# Punctuation at the end belongs to the sentence; a closing bracket does too, unless the link has opened it.
_PART = re.compile(r"(`[^`\n]+`|(?<![\w/@.-])(?:https?://|www\.)[^\s<>\"`]+)", re.IGNORECASE)
_AFTER = ".,:;!?'\u2019\u201d\u00bb\u2026*_~"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_MORE_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n){3,}")
# A host with a dot in it, or localhost; no user name, which could pretend to be another host.
_HOST = re.compile(r"(?:[^\s/?#@:]+\.[^\s/?#@:.]+|localhost)\.?(?::\d{1,5})?(?:[/?#]|$)")
_SCHEME = re.compile(r"https?://(?:www\.)?|www\.", re.IGNORECASE)


@lru_cache(maxsize=4096)
def marked_up(words: str) -> Markup:
    """The text as HTML, for an element that keeps line breaks."""
    words = _MORE_BLANK_LINES.sub("\n\n\n", words)
    if "`" not in words and "://" not in words and "www." not in words.lower():
        return escape(words)
    parts = _PART.split(words)
    # Every second part is what the pattern found.
    return Markup("").join(_found(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def _found(part: str) -> Markup:
    if part.startswith("`"):
        return Markup("<code>") + part[1:-1] + Markup("</code>")
    link, after = _without_punctuation(part)
    address = link if "://" in link else f"https://{link}"
    if not _HOST.match(address.partition("://")[2]):
        return escape(part)
    return Markup('<a href="{}" rel="nofollow ugc noopener">{}</a>{}').format(address, _shortened(link), after)


def _without_punctuation(link: str) -> tuple[str, str]:
    """The link, and the punctuation behind it."""
    opened = {closing: link.count(opening) - link.count(closing) for closing, opening in _BRACKETS.items()}
    end = len(link)
    while end and (link[end - 1] in _AFTER or opened.get(link[end - 1], 0) < 0):
        if link[end - 1] in opened:
            opened[link[end - 1]] += 1
        end -= 1
    return link[:end], link[end:]


def _shortened(link: str) -> str:
    """The link for the eye: without its scheme and the slash of a bare host, and cut."""
    shown = _SCHEME.sub("", link, count=1)
    if shown.count("/") == 1:
        shown = shown.rstrip("/")
    return shown if len(shown) <= LINK_AT_MOST else f"{shown[: LINK_AT_MOST - 1]}…"
