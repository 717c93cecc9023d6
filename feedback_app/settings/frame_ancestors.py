"""Parses the sites that may embed a wall, for the `frame-ancestors` directive (against clickjacking)."""

import re

from ..config import name_as_browsers_say
from ..walls.choices import ANYBODY

MOST = 50
MOST_CHARACTERS = 4000
# Traffic to these never leaves the machine, so they need no https.
LOCAL = ("localhost", "127.0.0.1")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(
    rf"(?P<scheme>https?)://(?P<star>\*\.)?(?P<host>{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[0-9]{{1,5}}))?"
)
PORTS = {"http": "80", "https": "443"}


class InvalidOrigin(ValueError):
    """A line that is not an origin; the message is a sentence for the owner."""


def parse_frame_ancestors(lines: str) -> str:
    """Origins, one a line, as a source list of a content security policy (https://www.w3.org/TR/CSP3/#source-lists).

    The result is built from parsed parts only. Raises InvalidOrigin for the first invalid line, and for a long list.
    """
    if len(lines) > MOST_CHARACTERS:
        raise InvalidOrigin(f"This list is too long: {MOST_CHARACTERS:,} characters at most.")
    typed = [line.strip() for line in lines.splitlines() if line.strip()]
    if typed == [ANYBODY]:
        return ANYBODY
    if len(typed) > MOST:
        raise InvalidOrigin(f"This list is too long: {MOST} sites at most.")
    return " ".join(dict.fromkeys(_origin(each) for each in typed))


def _origin(typed: str) -> str:
    shown = f"“{typed[:80]}{'…' if len(typed) > 80 else ''}”"
    if typed == ANYBODY:
        raise InvalidOrigin(
            "An asterisk alone means any site, so it cannot stand beside others. Choose “Any site” instead."
        )
    if re.search(r"[\s,;'\"]", typed):
        raise InvalidOrigin(
            f"{shown} is more than one site. Write each on a line of its own, without commas or semicolons."
        )
    match = _ORIGIN.fullmatch(_normalised(typed))
    if match is None:
        raise InvalidOrigin(_fault(typed, shown))
    scheme, star, host, port = match["scheme"], match["star"] or "", match["host"], match["port"]
    if scheme == "http" and (host not in LOCAL or star):
        raise InvalidOrigin(f"{shown} is not secure. Sites begin with https://; only http://localhost may do without.")
    if star and "." not in host:
        raise InvalidOrigin(
            f"{shown} would be a whole top level of the web. Name a site, such as https://*.example.com."
        )
    if port and not 0 < int(port) < 65536:
        raise InvalidOrigin(f"{shown} has a port that cannot be. Ports are whole numbers from 1 to 65535.")
    return f"{scheme}://{star}{host}" + (f":{int(port)}" if port and port != PORTS[scheme] else "")


def _normalised(typed: str) -> str:
    """In lower case, without a trailing slash, and with the host name in punycode."""
    text = typed.lower().removesuffix("/")
    scheme, separator, rest = text.partition("://")
    host, colon, port = rest.partition(":")
    star = "*." if host.startswith("*.") else ""
    try:
        return scheme + separator + star + name_as_browsers_say(host.removeprefix(star)) + colon + port
    except ValueError:
        return ""


def _fault(typed: str, shown: str) -> str:
    if "://" not in typed:
        return f"{shown} does not begin with https://. Write a site as its address begins, such as https://example.com."
    if re.match(r"(?i)https?://[^/?#]+[/?#]", typed):
        return (
            f"{shown} is a page. Name the site alone, without what comes after its name, such as https://example.com."
        )
    if "*" in typed:
        return f"{shown} has an asterisk where none can be. It may only stand for what comes before a name: https://*.example.com."
    return f"{shown} is not the address of a site. Write it like https://example.com or https://example.com:8443."
