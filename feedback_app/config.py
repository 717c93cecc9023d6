"""Every setting: its name, its default and one line of meaning. A test compares docs/settings.md with this table."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .text.rates import Rate, rates_in

PREFIX = "FEEDBACK_"
# Read by one command, and no setting of the server.
COPY_TO = f"{PREFIX}COPY_TO"
LONGEST_DAYS = 3650
USUAL_PORTS = {"http": 80, "https": 443}
SUB_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
# The first part of our own addresses: below a path that is called so, nobody could tell which one is meant.
OWN = (
    "accents", "api", "embed.js", "healthz", "j", "login", "logout", "metrics", "moderation", "oembed", "privacy",
    "readyz", "settings", "setup", "static", "walls",
)  # fmt: skip
# This machine, and networks that nobody reaches from the internet.
NEAR = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128",
    "fc00::/7", "fe80::/10",
)  # fmt: skip
HSTS = re.compile(r"max-age=[0-9]{1,10}(?:; ?includeSubDomains)?(?:; ?preload)?")
HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")


class ConfigurationError(Exception):
    """A setting that cannot be; the message is a sentence for the operator."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    database_url: str = ""  # Where the database is. Empty: an SQLite file in the data folder.
    data: Path = Path("instance")  # The data folder: the secret key, and the SQLite file if that is used.
    synchronous: str = "full"  # Whether SQLite waits for the disk before a post is acknowledged: full or normal.
    secret_key: str = ""  # What forms and devices are signed with. Empty: made once and kept in the data folder.
    secret_key_fallbacks: str = ""  # Former ones, with commas between: what they signed is still known.
    base_url: str = ""  # The public address, such as https://wall.example. Empty: taken from each request.
    trusted_proxies: int = 0  # How many proxies in front may be believed about a visitor's address.
    proxy_networks: str = (
        ""  # Where they are, with commas between. Empty: this machine and private networks; `*`: anywhere.
    )
    hsts: str = "max-age=63072000"  # What browsers are told about https when base_url has it; `off`: nothing.
    post_limit: str = "5/minute;30/hour"  # How often one visitor may post on a wall. Empty: as often as they like.
    address_limit: str = "60/minute;600/hour"  # How often newcomers of one address may; above it they are held.
    defences: bool = True  # `off` leaves out everything that judges whether a post is spam.
    streams: int = 10_000  # How many live streams one process serves at once.
    streams_per_address: int = 1_000  # How many of them one address may have: a school is one address.
    undo_days: int = 7  # For how many days what moderators removed can be brought back; then its words are blanked.
    keep_removed_days: int = 30  # How long a reader may be away and still hear that something was removed.
    log: str = "text"  # A line for each request, as `text` or `json`; `off` says only what goes wrong.
    metrics_token: str = ""  # What a collector that is not on this machine must show to read /metrics.

    def __post_init__(self) -> None:
        if self.secret_key and len(self.secret_key) < 16:
            raise ConfigurationError(f"{PREFIX}SECRET_KEY is too short: give at least 16 characters, or leave it out.")
        if self.secret_key and is_guessable(self.secret_key):
            raise ConfigurationError(
                f"{PREFIX}SECRET_KEY can be guessed. Make one with `openssl rand -hex 32`, and put this one into "
                f"{PREFIX}SECRET_KEY_FALLBACKS for a day; or leave it out."
            )
        if any(len(each) < 16 for each in self.fallbacks()):
            raise ConfigurationError(
                f"{PREFIX}SECRET_KEY_FALLBACKS holds one that is too short: give at least 16 characters."
            )
        if self.base_url:
            # However it was written, it is compared with what browsers say.
            object.__setattr__(self, "base_url", _base_url(self.base_url))
        for name in ("trusted_proxies", "streams", "streams_per_address", "undo_days", "keep_removed_days"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"{PREFIX}{name.upper()} must be a whole number, 0 or more.")
        for name in ("undo_days", "keep_removed_days"):
            if getattr(self, name) > LONGEST_DAYS:
                raise ConfigurationError(f"{PREFIX}{name.upper()} can be {LONGEST_DAYS:,} at most, which is ten years.")
        if self.synchronous not in ("full", "normal"):
            raise ConfigurationError(f"{PREFIX}SYNCHRONOUS must be full or normal, not {self.synchronous!r}.")
        if self.log not in ("text", "json", "off"):
            raise ConfigurationError(f"{PREFIX}LOG must be text, json or off, not {self.log!r}.")
        if self.hsts != "off" and not HSTS.fullmatch(self.hsts):
            raise ConfigurationError(
                f"{PREFIX}HSTS must be off, or be written like max-age=63072000; includeSubDomains, not {self.hsts!r}."
            )
        _ = self.post_limits, self.address_limits, self.networks

    @cached_property
    def root(self) -> str:
        """The path of the public address, such as `/feedback`; empty at the root of a host."""
        return urlsplit(self.base_url).path

    def fallbacks(self) -> list[str]:
        return [each.strip() for each in self.secret_key_fallbacks.split(",") if each.strip()]

    @cached_property
    def post_limits(self) -> list[Rate]:
        return self._limits("post_limit")

    @cached_property
    def address_limits(self) -> list[Rate]:
        """Who switches the limit of visitors off wants no other one that they did not set."""
        is_default = self.address_limit == type(self).address_limit
        return [] if is_default and not self.post_limit.strip() else self._limits("address_limit")

    def _limits(self, name: str) -> list[Rate]:
        text: str = getattr(self, name)
        if not text.strip() or not self.defences:
            return []
        try:
            limits = rates_in(text)
        except ValueError:
            limits = []
        longest = timedelta(days=LONGEST_DAYS)
        if any(not limit.amount or not timedelta() < limit.window <= longest for limit in limits) or not limits:
            raise ConfigurationError(f"{PREFIX}{name.upper()} must be written like 5/minute;30/hour, not {text!r}.")
        return limits

    @cached_property
    def networks(self) -> list[IPv4Network | IPv6Network]:
        """Those in which proxies are."""
        if self.proxy_networks.strip() == "*":
            return [ip_network("0.0.0.0/0"), ip_network("::/0")]
        named = [each.strip() for each in self.proxy_networks.split(",") if each.strip()]
        try:
            return [ip_network(each, strict=False) for each in named or NEAR]
        except ValueError as error:
            raise ConfigurationError(
                f"{PREFIX}PROXY_NETWORKS must be written like 10.0.0.0/8, 192.0.2.7, or be * for anywhere: {error}."
            ) from None

    @classmethod
    def from_environment(cls, **overrides: Any) -> "Settings":
        values = {
            setting.name: _read(setting.name, os.environ[variable], type(setting.default))
            for setting in fields(cls)
            if (variable := PREFIX + setting.name.upper()) in os.environ
        }
        return cls(**{**values, **overrides})


def _read(name: str, value: str, kind: type) -> Any:
    """One variable of the environment as its setting's kind."""
    if kind is bool:
        if value.lower() not in ("on", "off"):
            raise ConfigurationError(f"{PREFIX}{name.upper()} must be on or off, not {value!r}.")
        return value.lower() == "on"
    if kind is int:
        try:
            return int(value)
        except ValueError:
            raise ConfigurationError(f"{PREFIX}{name.upper()} must be a whole number, not {value!r}.") from None
    if issubclass(kind, Path):
        if not value:  # It would be the folder in which the program happens to be started.
            raise ConfigurationError(f"{PREFIX}{name.upper()} is empty: name a folder, or leave it out.")
        return Path(value)
    return value


def unknown_settings(environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each variable with our prefix that is no setting."""
    known = [PREFIX + setting.name.upper() for setting in fields(Settings)]
    for name in sorted(set(environment) - {*known, COPY_TO}):
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_"):
            meant = difflib.get_close_matches(name, known, 1)
            yield f"{name} is no setting, so it does nothing." + (f" Did you mean {meant[0]}?" if meant else "")


def is_guessable(secret: str) -> bool:
    """Whether it has few different characters, repeats itself or runs along the alphabet, as nothing random does."""
    size = len(secret)
    repeats = any(secret[step:] == secret[:-step] for step in range(1, size * 2 // 3 + 1))
    runs = sum(abs(ord(left) - ord(right)) <= 1 for left, right in pairwise(secret)) > size // 2
    return len(set(secret)) < 6 or repeats or runs


def name_as_browsers_say(host: str) -> str:
    """The name of a host in ASCII, by UTS 46 as browsers do it; raises ValueError for what is none."""
    mapped = host.lower()
    if not host.isascii():
        import idna  # Few have such a name, and its tables are large.

        # Not `encode`, which refuses emoji: browsers open addresses with them.
        mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
    labels = [each if each.isascii() else f"xn--{each.encode('punycode').decode()}" for each in mapped.split(".")]
    if len(labels) > 1 and any(not 0 < len(each) < 64 for each in labels):
        raise ValueError("a part of the name is empty or too long")
    return ".".join(labels)


def _base_url(address: str) -> str:
    """A public address: the host as browsers write it in `Origin`, and the path below which everything lives."""
    try:
        parts = urlsplit(address)
        host, port = name_as_browsers_say(parts.hostname or ""), parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    host = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/")
    if (
        not HOST.fullmatch(host)
        or parts.scheme not in USUAL_PORTS
        or "@" in parts.netloc
        or not SUB_PATH.fullmatch(path)
        or any(parts[3:])
    ):
        raise ConfigurationError(
            f"{PREFIX}BASE_URL must be an address such as https://wall.example or https://example.com/feedback, "
            f"not {address!r}."
        )
    if path.split("/")[1:2] and path.split("/")[1] in OWN:
        raise ConfigurationError(f"{PREFIX}BASE_URL cannot end in {path}, which is an address of the wall's own.")
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, USUAL_PORTS[parts.scheme]) else "") + path
