"""The composer's stamp: proof that a form came from us not long ago, the same for everybody who loads it that hour."""

from datetime import datetime

from itsdangerous import BadData

from ..installation.signing import Keys

HOURS = 24
# How many hours the clock of the machine that made it may be ahead of ours.
AHEAD = 1


class FormTokens:
    """A stamp names the wall, by its number since addresses change, and the hour.

    It is shared and not spent: it stops scripts that never look at the page.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys, self._signer = keys, keys.signer("composer")
        self._edition, self._made = "", dict[int, str]()

    def make(self, wall_id: int, at: datetime) -> str:
        """Signed once for each wall and hour."""
        if (edition := self.edition(at)) != self._edition:
            self._edition, self._made = edition, {}
        if wall_id not in self._made:
            self._made[wall_id] = self._signer.sign([wall_id, _hour(at)])
        return self._made[wall_id]

    def edition(self, at: datetime) -> str:
        """Pages with the same edition hold the same stamp: it names the hour, and the secret it is signed with."""
        return f"{_hour(at)} {self._keys.mark()}"

    def is_good(self, stamp: str, wall_id: int, at: datetime) -> bool:
        """Whether it is ours, for this wall, at most a day old and an hour ahead; most are of this hour."""
        if stamp == self.make(wall_id, at):
            return True
        try:
            named, hour = self._signer.read(stamp)
        except (BadData, ValueError, TypeError):
            return False
        return bool(named == wall_id and -AHEAD <= _hour(at) - hour <= HOURS)


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600
