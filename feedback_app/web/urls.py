"""Parsing of URLs from request headers, which may be malformed."""

from urllib.parse import SplitResult, urlsplit


def parts_of(address: str) -> SplitResult:
    """The parts of a URL; all of them are empty when it cannot be parsed."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
