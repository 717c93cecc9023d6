"""The composer's stamp: proof that a form came from us not long ago, the same for everybody who loads it that hour."""

from datetime import datetime

from itsdangerous import BadData, URLSafeSerializer

HOURS = 24


class Stamps:
    """A stamp names the wall and the hour. It is shared and not spent: it stops scripts that never look at the page."""

    def __init__(self, secret_key: str) -> None:
        self._serializer = URLSafeSerializer(secret_key, salt="composer")

    def make(self, slug: str, at: datetime) -> str:
        return str(self._serializer.dumps([slug, hour_of(at)]))

    def is_good(self, stamp: str, slug: str, at: datetime) -> bool:
        """Whether it is ours, for this wall, and at most a day old."""
        try:
            named, hour = self._serializer.loads(stamp)
        except (BadData, ValueError, TypeError):
            return False
        return bool(named == slug and 0 <= hour_of(at) - hour <= HOURS)


def hour_of(at: datetime) -> int:
    """The hour that a stamp made at this moment names."""
    return int(at.timestamp()) // 3600
