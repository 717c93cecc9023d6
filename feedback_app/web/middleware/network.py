"""Network addresses: parsing, and the network that counts as one client for rate limits."""

import ipaddress
from functools import lru_cache

# Room for an IPv6 zone (`%eth0`) behind the address.
LONGEST_ADDRESS = 64


def network_of(address: str) -> str:
    """The IPv4 address, the /64 network of an IPv6 address, or the text itself when it is neither."""
    parsed = parsed_address(address.split("%", 1)[0])
    if parsed is None:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def crowd_of(address: str) -> str:
    """The largest network that a provider gives one customer: the /48 of an IPv6 address, or the IPv4 address."""
    network = network_of(address)
    return str(ipaddress.ip_network(network).supernet(new_prefix=48)) if network.endswith("/64") else network


def parsed_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The parsed address, None when it is none."""
    return _parsed(text) if len(text) <= LONGEST_ADDRESS else None


@lru_cache(maxsize=1024)
def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Cached, since one request needs the same address several times."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
