"""Authors: telling today's visitors apart for the limits, without keeping who they are."""

import hashlib
import hmac
import ipaddress
from datetime import datetime, timedelta


def authors_at(address: str, at: datetime, secret_key: str) -> list[str]:
    """The names under which the visitor at this network address posts today and posted yesterday, today's first.

    A name is an HMAC under a key of the day; from an IPv6 address only the network (/64) counts, since a household
    or a phone has all of it.
    """
    network = network_of(address)
    return [_name(network, day.date().isoformat(), secret_key) for day in (at, at - timedelta(days=1))]


def _name(network: str, day: str, secret_key: str) -> str:
    key_of_the_day = hmac.digest(secret_key.encode(), f"author {day}".encode(), "sha256")
    return hmac.new(key_of_the_day, network.encode(), hashlib.sha256).hexdigest()


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
