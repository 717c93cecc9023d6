"""Signing and keyed digests (HMAC-SHA-256): one derived key per purpose; former secrets still verify."""

import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

# Returns the secrets, current one first; with True it checks for a rotation immediately.
Secrets = Callable[[bool], tuple[str, ...]]


class Keys:
    """Derives signers and digests from the installation's secrets."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._mark = ("", "")

    def signer(self, purpose: str) -> "Signer":
        """A signer whose signatures are valid for this purpose only."""
        return Signer(purpose, self._secrets)

    def digest(self, purpose: str, value: str) -> str:
        """The keyed digest (HMAC) of the value, in hexadecimal."""
        return _digest(self._secrets(False)[0], purpose, value)

    def digests(self, purpose: str, value: str) -> list[str]:
        """The digests by every secret, the current one first."""
        return [_digest(secret, purpose, value) for secret in self._secrets(False)]

    def mark(self) -> str:
        """A short id of the current secret, which reveals nothing about it."""
        secret = self._secrets(False)[0]
        if self._mark[0] != secret:
            self._mark = secret, _digest(secret, "mark", "")[:12]
        return self._mark[1]


class Signer:
    """Signs with the current secret and accepts signatures of former ones."""

    def __init__(self, purpose: str, secrets: Secrets) -> None:
        self._purpose, self._secrets = purpose, secrets
        self._built_from: tuple[str, ...] = ()
        self._built: URLSafeSerializer

    def sign(self, value: Any) -> str:
        """The JSON value with its signature, URL-safe."""
        return str(self._serializer(self._secrets(False)).dumps(value))

    def read(self, signed: str) -> Any:
        """The signed value. Raises itsdangerous.BadData when the signature is invalid or malformed."""
        try:
            return self._serializer(self._secrets(False)).loads(signed)
        except BadSignature:
            # Another process may already have signed with a new secret.
            before, secrets = self._built_from, self._secrets(True)
            if secrets == before:
                raise
            return self._serializer(secrets).loads(signed)

    def _serializer(self, secrets: tuple[str, ...]) -> URLSafeSerializer:
        if secrets != self._built_from:
            self._built_from = secrets
            self._built = URLSafeSerializer(
                list(reversed(secrets)),
                salt=self._purpose,
                signer_kwargs={"digest_method": hashlib.sha256},
                # Older versions signed with HMAC-SHA-1, the library's default; those signatures expire.
                fallback_signers=[{"digest_method": hashlib.sha1}],
            )
        return self._built


def _digest(secret: str, purpose: str, value: str) -> str:
    return hmac.digest(_key(secret, purpose), value.encode("utf-8", "surrogatepass"), "sha256").hex()


@lru_cache(maxsize=16)
def _key(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")
