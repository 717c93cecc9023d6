"""Authors: telling today's visitors apart for the limits, without keeping who they are."""

import ipaddress
from datetime import datetime, timedelta

from .keys import Keys


def authors_at(address: str, at: datetime, keys: Keys) -> list[str]:
    """The names under which the visitor at this network address posts today and posted yesterday, today's first.

    A name is an HMAC under a key of the day; from an IPv6 address only the network (/64) counts, since a household
    or a phone has all of it. The names made with a former secret are among them, so that limits and blocks go on
    when it is replaced.
    """
    network = network_of(address)
    days = (at, at - timedelta(days=1))
    return [name for day in days for name in keys.digests(f"author {day.date().isoformat()}", network)]


def network_of(address: str) -> str:
    """The IPv4 address, the /64 network of an IPv6 address, or the text itself where it is neither."""
    try:
        parsed = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
