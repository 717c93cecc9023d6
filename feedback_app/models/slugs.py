"""Slugs: what the address of a wall may look like."""

import re

from .former_address import SLUG_LENGTH

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def comparable(slug: str) -> str:
    """The slug, or an empty one where no wall can have it. MariaDB would pass over spaces at its end."""
    return slug if SLUG.fullmatch(slug) else ""


def slug_fault(slug: str) -> str | None:
    """What is wrong with an address for a new wall, as a sentence, or None."""
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH:
        return (
            f"The address of a wall is made of small letters a to z, digits and single hyphens between them, "
            f"{SLUG_LENGTH} characters at most, such as team-day-2."
        )
    return None
