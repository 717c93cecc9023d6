"""Reading ids and other whole numbers from requests."""


def parse_id(text: str, digits: int = 18) -> int | None:
    """A whole number of ASCII digits, None for anything else or more than `digits`. 18 fit into 64 bits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
