"""Addresses as strangers write them in headers."""

from urllib.parse import SplitResult, urlsplit


def parts_of(address: str) -> SplitResult:
    """The parts of an address; all of them are empty where it cannot be read."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
