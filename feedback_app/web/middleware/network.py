"""Networks: telling addresses apart for a day, without keeping which they are."""

import ipaddress
from functools import lru_cache

# With the name of a network interface behind it.
LONGEST_ADDRESS = 64


def network_of(address: str) -> str:
    """The IPv4 address, the /64 network of an IPv6 address, or the text itself where it is neither."""
    parsed = parsed_address(address.split("%", 1)[0])
    if parsed is None:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def crowd_of(address: str) -> str:
    """The network that one customer of a provider has at most: /48 of an IPv6 address, the IPv4 address itself."""
    network = network_of(address)
    return str(ipaddress.ip_network(network).supernet(new_prefix=48)) if network.endswith("/64") else network


def parsed_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that this is; None where it is none."""
    return _parsed(text) if len(text) <= LONGEST_ADDRESS else None


@lru_cache(maxsize=1024)
def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Kept, since the same one is asked for several times on its way."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
