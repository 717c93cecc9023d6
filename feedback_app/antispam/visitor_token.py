"""Visitor tokens: recognising a returning visitor without a cookie and without personal data.

The page makes a random key when a visitor first posts, and stores it in the browser if it can. An HMAC of that key and
the wall is the visitor's pseudonym. The response has a signed token with the pseudonym, proof that the server accepted
this visitor before. A key without a token belongs to a newcomer, since bots could make a new key for each post.
"""

import re
from datetime import datetime
from typing import NamedTuple

from itsdangerous import BadData

from ..installation.signing import Keys
from ..models import Wall
from ..models.act import VISITOR_TOKEN_DAYS
from ..models.feedback import PSEUDONYM_LENGTH

KEY = re.compile(r"[0-9a-fA-F]{32}")
LONGEST = 256


class Visitor(NamedTuple):
    """`names` are the visitor's pseudonyms, the current one first; empty when the visitor is unknown.

    `token` is for the next post: empty when what was sent is invalid, None when nothing was sent.
    """

    names: list[str]
    is_newcomer: bool
    token: str | None


NOBODY = Visitor([], is_newcomer=True, token=None)
STRANGER = Visitor([], is_newcomer=True, token="")


class VisitorTokens:
    """Reads visitor keys and tokens and signs new tokens."""

    def __init__(self, keys: Keys) -> None:
        self._keys, self._signer = keys, keys.signer("visitor")

    def read(self, sent: str, wall: Wall, at: datetime) -> Visitor:
        """The visitor with this key or token. One that is forged, expired or for another wall gives STRANGER."""
        if not sent:
            return NOBODY
        # It stays the same when the wall is renamed, or imported with another id.
        mark = wall.identity
        if KEY.fullmatch(sent):
            digests = self._keys.digests("visitor", f"{mark} {sent.lower()}")
            names = [each[:PSEUDONYM_LENGTH] for each in digests]
            return Visitor(names, is_newcomer=True, token=self._signer.sign([mark, names[0], _day(at)]))
        try:
            its_wall, name, day = self._signer.read(sent) if len(sent) <= LONGEST else (0, "", 0)
        except (BadData, ValueError, TypeError):
            return STRANGER
        # The clock of the machine that issued it may be ahead of ours.
        if its_wall != mark or not -1 <= _day(at) - day <= VISITOR_TOKEN_DAYS:
            return STRANGER
        # Signed again, with the secret in use now.
        return Visitor([name], is_newcomer=False, token=self._signer.sign([mark, name, day]))


def _day(at: datetime) -> int:
    return int(at.timestamp()) // 86_400
