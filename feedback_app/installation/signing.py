"""Keys: one for each purpose, made of the secret in use; what was made with a former secret is still known."""

import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

# The secrets, the one in use first. Asked with True, it looks whether they have changed this moment.
Secrets = Callable[[bool], tuple[str, ...]]


class Keys:
    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._mark = ("", "")

    def signer(self, purpose: str) -> "Signer":
        return Signer(purpose, self._secrets)

    def digest(self, purpose: str, value: str) -> str:
        """A name for the value that nobody else can make."""
        return _digest(self._secrets(False)[0], purpose, value)

    def digests(self, purpose: str, value: str) -> list[str]:
        """Every name that the value has or had, the one of the secret in use first."""
        return [_digest(secret, purpose, value) for secret in self._secrets(False)]

    def mark(self) -> str:
        """Tells the secret in use from others, and nothing about it."""
        secret = self._secrets(False)[0]
        if self._mark[0] != secret:
            self._mark = secret, _digest(secret, "mark", "")[:12]
        return self._mark[1]


class Signer:
    """Signs with the secret in use, and knows what was signed with a former one."""

    def __init__(self, purpose: str, secrets: Secrets) -> None:
        self._purpose, self._secrets = purpose, secrets
        self._made_of: tuple[str, ...] = ()
        self._made: URLSafeSerializer

    def sign(self, value: Any) -> str:
        return str(self._serializer(self._secrets(False)).dumps(value))

    def read(self, signed: str) -> Any:
        """Raises BadData."""
        try:
            return self._serializer(self._secrets(False)).loads(signed)
        except BadSignature:
            # Another process may have learned of a new secret a moment before this one.
            before, secrets = self._made_of, self._secrets(True)
            if secrets == before:
                raise
            return self._serializer(secrets).loads(signed)

    def _serializer(self, secrets: tuple[str, ...]) -> URLSafeSerializer:
        if secrets != self._made_of:
            self._made_of = secrets
            self._made = URLSafeSerializer(
                list(reversed(secrets)),
                salt=self._purpose,
                signer_kwargs={"digest_method": hashlib.sha256},
                # What was signed before by the library's own choice, HMAC with SHA-1, ends with its own day or year.
                fallback_signers=[{"digest_method": hashlib.sha1}],
            )
        return self._made


def _digest(secret: str, purpose: str, value: str) -> str:
    return hmac.digest(_key(secret, purpose), value.encode("utf-8", "surrogatepass"), "sha256").hex()


@lru_cache(maxsize=16)
def _key(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")
