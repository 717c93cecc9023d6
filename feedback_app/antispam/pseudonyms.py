"""Networks: telling addresses apart for a day, without keeping which they are."""

from datetime import datetime, timedelta

from ..installation.signing import Keys
from ..models.feedback import PSEUDONYM_LENGTH
from ..web.middleware.network import network_of


def pseudonyms_of(address: str, at: datetime, keys: Keys) -> list[str]:
    """The pseudonyms of this network address today and yesterday, today's first.

    A pseudonym is an HMAC under a key of the day; of an IPv6 address only the network (/64) counts, since a household
    or a phone has all of it. Those made with a former secret are among them, so that limits and blocks go on when it is
    replaced.
    """
    network = network_of(address)
    days = (at, at - timedelta(days=1))
    return [
        name[:PSEUDONYM_LENGTH] for day in days for name in keys.digests(f"author {day.date().isoformat()}", network)
    ]
