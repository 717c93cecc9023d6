"""Pseudonyms of IP addresses: keyed hashes that change daily, so that no address is stored."""

from datetime import datetime, timedelta

from ..installation.signing import Keys
from ..models.feedback import PSEUDONYM_LENGTH
from ..web.middleware.network import network_of


def pseudonyms_of(address: str, at: datetime, keys: Keys) -> list[str]:
    """The pseudonyms of this IP address today and yesterday, today's first.

    A pseudonym is an HMAC under a key of the day. An IPv6 address counts by its /64 network, since a household or a
    phone has all of it. Pseudonyms under a former secret are included: limits and blocks survive its replacement.
    """
    network = network_of(address)
    days = (at, at - timedelta(days=1))
    return [
        name[:PSEUDONYM_LENGTH] for day in days for name in keys.digests(f"author {day.date().isoformat()}", network)
    ]
