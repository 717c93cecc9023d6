"""Database URL parameters, TLS included: those of libpq and the MySQL client are applied or rejected by name.

https://www.postgresql.org/docs/current/libpq-connect.html, https://dev.mysql.com/doc/refman/8.4/en/connection-options.html
"""

import os
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import URL

from ..config import PREFIX, ConfigurationError

# asyncpg understands these in its DSN.
OF_ASYNCPG = frozenset((
    "sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslnegotiation",
    "ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs", "passfile", "krbsrvname", "gsslib",
    "service", "servicefile",
))  # fmt: skip
# Values that match what the driver does anyway; other values are rejected.
NO_EFFECT = {
    "channel_binding": ("prefer", "disable"),
    "gssencmode": ("prefer", "disable"),
    "client_encoding": ("utf8", "utf-8", "auto"),
    "load_balance_hosts": ("disable",),
    "keepalives": ("1",),
    "sslsni": ("1",),
    "sslcompression": ("0",),
    "requiressl": ("0",),
}
CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_mode": ("disabled", "required", "verify_ca", "verify_identity"),
}
FILES = ("sslcert", "sslkey", "sslrootcert", "sslcrl", "ssl_ca", "ssl_cert", "ssl_key", "ssl_capath")
INSTEAD = {
    "channel_binding": "The driver knows none: leave it out, and check the server by sslmode=verify-full.",
    "ssl_mode": "Use REQUIRED, VERIFY_CA, VERIFY_IDENTITY or DISABLED.",
    "user": "Write it before the @.",
    "password": "Write it before the @.",
    "dbname": "Write it behind the host.",
    "database": "Write it behind the host.",
}
OF_MARIADB = {
    "ssl_mode", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname", "ssl",
    "ssl_verify_server_cert", "charset", "default_character_set", "connect_timeout", "unix_socket", "program_name",
}  # fmt: skip
SYNONYMS = {"sslmode": "ssl_mode", "socket": "unix_socket", "tls": "ssl", "ssl_verify_cert": "ssl_verify_server_cert"}
TRUE = ("true", "1", "on", "yes")
FALSE = ("false", "0", "off", "no")
SWITCHES = ("ssl", "ssl_verify_server_cert", "ssl_check_hostname")


class ConnectionOptions(NamedTuple):
    """The URL without the parameters; arguments for the driver's connect(); session settings."""

    url: URL
    arguments: dict[str, Any]
    session: dict[str, str]


def of_postgresql(url: URL, *, but: Iterable[str] = ()) -> ConnectionOptions:
    """Connection options for asyncpg; parameters in `but` are ignored.

    Raises ConfigurationError for a parameter that is not supported.
    """
    given = _single({"sslmode" if name == "ssl" else name: value for name, value in url.query.items()})
    address = {name: value for name, value in url.query.items() if name in ("host", "port")}
    given = {name: value for name, value in given.items() if name not in {*but, *address}}
    if given.get("sslrootcert") == "system":
        found = ssl.get_default_verify_paths()
        given["sslrootcert"] = found.cafile or found.openssl_cafile
    arguments: dict[str, Any] = {}
    session = {}
    for name, value in given.items():
        _check(name, value)
        if name in OF_ASYNCPG or (name in NO_EFFECT and value.lower() in NO_EFFECT[name]):
            continue
        if name in ("application_name", "fallback_application_name"):
            session["application_name"] = given.get("application_name", value)
        elif name == "options":
            session["options"] = value
        elif name == "connect_timeout":
            arguments |= _timeout("timeout", name, value)
        else:
            raise _unknown(name)
    if own := {name: value for name, value in given.items() if name in OF_ASYNCPG}:
        if own.get("target_session_attrs") == "read-write":
            # asyncpg would mistake our read-only sessions for a server that accepts no writes.
            own["target_session_attrs"] = "primary"
        arguments["dsn"] = f"postgresql://?{urlencode(own)}"
    return ConnectionOptions(url.set(query=address), arguments, session)


def of_mariadb(url: URL) -> ConnectionOptions:
    """Connection options for asyncmy. Raises ConfigurationError for a parameter that is not supported."""
    given = _single({_plain(name): value for name, value in url.query.items()})
    arguments: dict[str, Any] = {}
    for name, value in given.items():
        _check(name, value)
        if name in SWITCHES and value.lower() not in TRUE + FALSE:
            raise ConfigurationError(f"{PREFIX}DATABASE_URL has a {name} that cannot be used. Use true or false.")
        if name not in OF_MARIADB or (name in ("charset", "default_character_set") and not value.startswith("utf8")):
            raise _unknown(name)
        if name == "connect_timeout":
            arguments |= _timeout(name, name, value)
        elif name in ("unix_socket", "program_name"):
            arguments[name] = value
    try:
        if context := _context(given):
            arguments["ssl"] = context
    except OSError:
        named = ", ".join(name for name in given if name in FILES or name == "ssl_cipher")
        raise ConfigurationError(
            f"{PREFIX}DATABASE_URL has a parameter that cannot be used: one of {named} is not what OpenSSL reads."
        ) from None
    return ConnectionOptions(url.set(query={}), arguments, {})


def _context(given: Mapping[str, str]) -> ssl.SSLContext | None:
    """The TLS context; None for an unencrypted connection."""
    mode = given.get("ssl_mode", "").lower()
    wants = any(given.get(name, "").lower() in TRUE for name in ("ssl", "ssl_verify_server_cert"))
    if mode == "disabled" or not (mode or wants or any(name.startswith("ssl_") for name in given)):
        return None
    ca, capath = given.get("ssl_ca"), given.get("ssl_capath")
    checks_name = given.get("ssl_check_hostname", "true").lower() in TRUE
    context = ssl.create_default_context(cafile=ca, capath=capath)
    is_asked_for = given.get("ssl_verify_server_cert", "false").lower() in TRUE
    is_verified = bool(ca or capath) or mode.startswith("verify") or is_asked_for
    context.check_hostname = is_verified and checks_name and mode not in ("required", "verify_ca")
    context.verify_mode = ssl.CERT_REQUIRED if is_verified else ssl.CERT_NONE
    if "ssl_cert" in given:
        context.load_cert_chain(given["ssl_cert"], given.get("ssl_key"))
    if "ssl_cipher" in given:
        context.set_ciphers(given["ssl_cipher"])
    return context


def _single(query: Mapping[str, str | tuple[str, ...]]) -> dict[str, str]:
    """The last value of each parameter, as in libpq."""
    return {name: value if isinstance(value, str) else value[-1] for name, value in query.items()}


def _plain(name: str) -> str:
    """The canonical name of a MySQL client option, which may be written with `-` or `_`."""
    name = name.lower().replace("-", "_")
    return SYNONYMS.get(name, name)


def _check(name: str, value: str) -> None:
    if name in CHOICES and value.lower() not in CHOICES[name]:
        advice = INSTEAD.get(name, f"Use one of {', '.join(CHOICES[name])}.")
        raise ConfigurationError(f"{PREFIX}DATABASE_URL has a {name} that cannot be used. {advice}")
    if name in FILES and not os.access(value, os.R_OK):
        raise ConfigurationError(f"{PREFIX}DATABASE_URL names the {name} {value}, which cannot be read.")


def _timeout(argument: str, name: str, value: str) -> dict[str, int]:
    if not value.isdecimal():
        raise ConfigurationError(f"{PREFIX}DATABASE_URL has a {name} that is no whole number of seconds.")
    return {argument: int(value)} if int(value) else {}


def _unknown(name: str) -> ConfigurationError:
    shown = name if name.replace("_", "").isalnum() and len(name) <= 40 else "that is not well formed"
    advice = INSTEAD.get(name, "Leave it out.")
    return ConfigurationError(f"{PREFIX}DATABASE_URL has a parameter, {shown}, that cannot be done as asked. {advice}")
