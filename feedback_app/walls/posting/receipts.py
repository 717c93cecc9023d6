"""Receipts: what the author of a held entry is given, so that they, and nobody else, can ask for it."""

from collections.abc import Iterable

from itsdangerous import BadData

from ...installation.signing import Keys

MOST = 20
LONGEST = 200


class AuthorTokens:
    """A receipt names an entry and is signed: it cannot be guessed, and whoever has it may see that entry wait."""

    def __init__(self, keys: Keys) -> None:
        self._signer = keys.signer("receipt")

    def make(self, wall_id: int, feedback_id: int) -> str:
        return self._signer.sign([wall_id, feedback_id])

    def read(self, author_tokens: Iterable[str], wall_id: int) -> dict[int, str]:
        """By their number, the entries of this wall that good receipts are for; a page asks for a few at most."""
        found: dict[int, str] = {}
        for each in list(author_tokens)[:MOST]:
            number = self._number(each, wall_id) if len(each) <= LONGEST else None
            if number is not None:
                found[number] = each
        return found

    def _number(self, receipt: str, wall_id: int) -> int | None:
        try:
            its_wall, number = self._signer.read(receipt)
        except (BadData, ValueError, TypeError):
            return None
        return int(number) if its_wall == wall_id else None
