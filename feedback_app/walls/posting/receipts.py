"""Author tokens (receipts): with them the author of a held entry, and nobody else, can see it."""

from collections.abc import Iterable

from itsdangerous import BadData

from ...installation.signing import Keys

MOST = 20
LONGEST = 200


class AuthorTokens:
    """Signed tokens that name an entry. A person who has the token may see that entry while it is held."""

    def __init__(self, keys: Keys) -> None:
        self._signer = keys.signer("receipt")

    def make(self, wall_id: int, feedback_id: int) -> str:
        """The token of an entry."""
        return self._signer.sign([wall_id, feedback_id])

    def read(self, author_tokens: Iterable[str], wall_id: int) -> dict[int, str]:
        """The valid tokens for entries of this wall, by entry id. Only the first 20 tokens are read."""
        found: dict[int, str] = {}
        for each in list(author_tokens)[:MOST]:
            number = self._number(each, wall_id) if len(each) <= LONGEST else None
            if number is not None:
                found[number] = each
        return found

    def _number(self, token: str, wall_id: int) -> int | None:
        try:
            its_wall, number = self._signer.read(token)
        except (BadData, ValueError, TypeError):
            return None
        return int(number) if its_wall == wall_id else None
