"""Form tokens: the signed timestamp in the post form, shared by everybody who loads the page in the same hour."""

from datetime import datetime

from itsdangerous import BadData

from ..installation.signing import Keys

HOURS = 24
# Tolerated clock difference between machines, in hours.
AHEAD = 1


class FormTokens:
    """A token names the wall's id and the hour; the form field is called `stamp`.

    It can be used many times. It stops bots that post without loading the page.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys, self._signer = keys, keys.signer("composer")
        self._period, self._tokens = "", dict[int, str]()

    def make(self, wall_id: int, at: datetime) -> str:
        """The token of a wall for the current hour, signed once and cached."""
        if (period := self.period(at)) != self._period:
            self._period, self._tokens = period, {}
        if wall_id not in self._tokens:
            self._tokens[wall_id] = self._signer.sign([wall_id, _hour(at)])
        return self._tokens[wall_id]

    def period(self, at: datetime) -> str:
        """The hour and the signing secret in use: pages of the same period have the same token."""
        return f"{_hour(at)} {self._keys.mark()}"

    def is_good(self, token: str, wall_id: int, at: datetime) -> bool:
        """Whether it is ours, for this wall, and from the last 24 hours, allowing an hour of clock difference."""
        if token == self.make(wall_id, at):
            return True
        try:
            named, hour = self._signer.read(token)
        except (BadData, ValueError, TypeError):
            return False
        return bool(named == wall_id and -AHEAD <= _hour(at) - hour <= HOURS)


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600
