"""Configuration: every setting with its default and meaning, read from `FEEDBACK_*` environment variables.

A test compares docs/settings.md with `Settings`.
"""

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
# Read by one command only, so it is not a setting of the server.
COPY_TO = f"{PREFIX}COPY_TO"
LONGEST_DAYS = 3650
USUAL_PORTS = {"http": 80, "https": 443}
SUB_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
# First path segments of the app's own routes: a base URL that ends in one of them would be ambiguous.
OWN = (
    "accents", "api", "embed.js", "healthz", "j", "login", "logout", "metrics", "moderation", "oembed", "privacy",
    "readyz", "settings", "setup", "static", "walls",
)  # fmt: skip
# Loopback, private and link-local networks.
NEAR = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128",
    "fc00::/7", "fe80::/10",
)  # fmt: skip
HSTS = re.compile(r"max-age=[0-9]{1,10}(?:; ?includeSubDomains)?(?:; ?preload)?")
HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")


class ConfigurationError(Exception):
    """An invalid setting; the message is a sentence for the operator."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one installation. Raises ConfigurationError when a value is invalid."""

    database_url: str = ""  # Database URL. Empty: an SQLite file in the data folder.
    data: Path = Path("instance")  # The data folder: the secret key, and the SQLite file if that is used.
    synchronous: str = "full"  # Whether SQLite waits for the disk before a post is acknowledged: full or normal.
    secret_key: str = ""  # Signs forms and visitor tokens. Empty: generated once and stored in the data folder.
    secret_key_fallbacks: str = ""  # Former keys, comma-separated, whose signatures are still accepted.
    base_url: str = ""  # The public address, such as https://wall.example. Empty: taken from each request.
    trusted_proxies: int = 0  # Number of reverse proxies whose forwarded headers are trusted.
    proxy_networks: str = ""  # Their networks, comma-separated. Empty: loopback and private networks; `*`: anywhere.
    hsts: str = "max-age=63072000"  # The Strict-Transport-Security header when base_url is https; `off`: none.
    post_limit: str = "5/minute;30/hour"  # Rate limit for one visitor on one wall. Empty: no limit.
    address_limit: str = "60/minute;600/hour"  # Rate limit for all newcomers of one address; above it posts are held.
    defences: bool = True  # `off` disables every spam check.
    streams: int = 10_000  # Live streams (SSE) that one process serves at the same time.
    streams_per_address: int = 1_000  # Live streams of one address: a school is one address.
    undo_days: int = 7  # Days in which a removal can be undone; then the text is blanked.
    keep_removed_days: int = 30  # Days for which a disconnected reader can still catch up on a removal.
    log: str = "text"  # Access log format: `text` or `json`; `off` logs problems only.
    metrics_token: str = ""  # Bearer token that a collector on another machine needs to read /metrics.

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
            # In normal form, since it is compared with the browser's `Origin` header.
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
        """The former secret keys."""
        return [each.strip() for each in self.secret_key_fallbacks.split(",") if each.strip()]

    @cached_property
    def post_limits(self) -> list[Rate]:
        """Rate limits of one visitor on one wall. Raises ConfigurationError when malformed."""
        return self._limits("post_limit")

    @cached_property
    def address_limits(self) -> list[Rate]:
        """Rate limits of the newcomers of one address. Raises ConfigurationError when malformed.

        Without a `post_limit`, the default does not apply either.
        """
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
        """The networks of trusted proxies. Raises ConfigurationError when malformed."""
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
        """Settings from environment variables; `overrides` win. Raises ConfigurationError when one is invalid."""
        values = {
            setting.name: _read(setting.name, os.environ[variable], type(setting.default))
            for setting in fields(cls)
            if (variable := PREFIX + setting.name.upper()) in os.environ
        }
        return cls(**{**values, **overrides})


def _read(name: str, value: str, kind: type) -> Any:
    """The value of an environment variable, converted to the setting's type."""
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
        if not value:  # Path("") would be the current working directory.
            raise ConfigurationError(f"{PREFIX}{name.upper()} is empty: name a folder, or leave it out.")
        return Path(value)
    return value


def unknown_settings(environment: Mapping[str, str]) -> Iterator[str]:
    """One message for each `FEEDBACK_*` variable that is not a setting."""
    known = [PREFIX + setting.name.upper() for setting in fields(Settings)]
    for name in sorted(set(environment) - {*known, COPY_TO}):
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_"):
            meant = difflib.get_close_matches(name, known, 1)
            yield f"{name} is no setting, so it does nothing." + (f" Did you mean {meant[0]}?" if meant else "")


def is_guessable(secret: str) -> bool:
    """Whether the secret has few distinct characters, repeats itself or follows the alphabet."""
    size = len(secret)
    repeats = any(secret[step:] == secret[:-step] for step in range(1, size * 2 // 3 + 1))
    runs = sum(abs(ord(left) - ord(right)) <= 1 for left, right in pairwise(secret)) > size // 2
    return len(set(secret)) < 6 or repeats or runs


def name_as_browsers_say(host: str) -> str:
    """A host name in ASCII (IDNA by UTS 46, as in browsers). Raises ValueError when it is not a host name."""
    mapped = host.lower()
    if not host.isascii():
        import idna  # Imported late: few hosts need it, and its tables are large.

        # Not `encode`, which rejects emoji: browsers accept them in host names.
        mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
    labels = [each if each.isascii() else f"xn--{each.encode('punycode').decode()}" for each in mapped.split(".")]
    if len(labels) > 1 and any(not 0 < len(each) < 64 for each in labels):
        raise ValueError("a part of the name is empty or too long")
    return ".".join(labels)


def _base_url(address: str) -> str:
    """The base URL in normal form: the host as in the `Origin` header, no default port, no trailing slash."""
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
