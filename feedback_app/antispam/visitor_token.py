"""Visitors: one is told from another without a cookie, and nothing is kept by which to know who they are.

The page makes a random key when somebody first writes, and keeps it where it may. A digest of it, keyed for the wall,
is the visitor's pseudonym there. The answer holds a token that names the pseudonym and is signed: proof that the server
has let this visitor in before. A key without it is a newcomer's, since robots would make another one for each post.
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
    """`names` are the pseudonyms, the one in use first; there is none of somebody who cannot be told apart. `token` is
    for the next time: empty where what was sent is good for nothing, and None where nothing was."""

    names: list[str]
    is_newcomer: bool
    token: str | None


NOBODY = Visitor([], is_newcomer=True, token=None)
STRANGER = Visitor([], is_newcomer=True, token="")


class VisitorTokens:
    def __init__(self, keys: Keys) -> None:
        self._keys, self._signer = keys, keys.signer("visitor")

    def read(self, sent: str, wall: Wall, at: datetime) -> Visitor:
        """Whose key or token this is; what is forged, outdated or another wall's is nobody's, and no error."""
        if not sent:
            return NOBODY
        # Whichever address and number it has.
        mark = wall.identity
        if KEY.fullmatch(sent):
            digests = self._keys.digests("visitor", f"{mark} {sent.lower()}")
            names = [each[:PSEUDONYM_LENGTH] for each in digests]
            return Visitor(names, is_newcomer=True, token=self._signer.sign([mark, names[0], _day(at)]))
        try:
            its_wall, name, day = self._signer.read(sent) if len(sent) <= LONGEST else (0, "", 0)
        except (BadData, ValueError, TypeError):
            return STRANGER
        # The clock of the machine that gave it may be ahead of this one's.
        if its_wall != mark or not -1 <= _day(at) - day <= VISITOR_TOKEN_DAYS:
            return STRANGER
        # Signed with the secret in use, whichever it came with.
        return Visitor([name], is_newcomer=False, token=self._signer.sign([mark, name, day]))


def _day(at: datetime) -> int:
    return int(at.timestamp()) // 86_400
