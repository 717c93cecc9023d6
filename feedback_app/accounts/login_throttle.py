"""Login throttling (rate limit of attempts), counted in the database across processes and machines."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from itsdangerous import BadData
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..installation.signing import Keys
from ..models import LoginAttempt
from ..web.middleware.network import network_of

# Windows and the attempts allowed in each, per name and per network. Successful attempts are not counted.
LIMITS = ((timedelta(minutes=1), 10), (timedelta(hours=1), 60))


class TooManyAttempts(Exception):
    """Login throttled for `seconds`. The message is for the visitor, and the same whether or not the user exists."""

    def __init__(self, seconds: int) -> None:
        wait = f"{seconds} seconds" if seconds < 100 else f"{-(-seconds // 60)} minutes"
        super().__init__(f"Too many have tried in a short time. Try again in {wait}.")
        self.seconds = seconds


class Subjects:
    """What attempts are counted by, as keyed hashes: neither names nor IP addresses are stored."""

    def __init__(self, keys: Keys) -> None:
        self._keys, self._devices = keys, keys.signer("device")

    def of(self, login: str, address: str) -> list[str]:
        """The subjects of an attempt from an unknown device: its name and its network."""
        return [self._digest("name", login), self._digest("address", network_of(address))]

    def of_device(self, device: str, moderator_id: int) -> list[str]:
        """The subject of a device on which this moderator has logged in before; empty when the cookie is not valid.

        Such a device is counted separately, so that attacks from elsewhere do not lock the moderator out.
        """
        try:
            named, number = self._devices.read(device)
        except (BadData, ValueError, TypeError):
            return []
        return [self._digest("device", str(number))] if named == moderator_id else []

    def of_session(self, login_id: int) -> list[str]:
        """The subject of an open session in which the password is asked again."""
        return [self._digest("session", str(login_id))]

    def device(self, moderator_id: int, number: str) -> str:
        """The signed value of the device cookie; `number` is a random id."""
        return self._devices.sign([moderator_id, number])

    def _digest(self, kind: str, value: str) -> str:
        return self._keys.digest("attempts", f"{kind} {value}")


async def check(subjects: Collection[str], at: datetime, session: AsyncSession) -> None:
    """Raises TooManyAttempts when one of the subjects is throttled."""
    wait = timedelta()
    for window, most in LIMITS:
        for _, count, earliest in await session.execute(
            LoginAttempt.times_of(subjects, since=at - window, until=at + window)
        ):
            if count >= most:
                wait = max(wait, earliest + window - at)
    if wait > timedelta():
        raise TooManyAttempts(int(wait.total_seconds()) + 1)


async def record_attempt(subjects: Collection[str], session: AsyncSession) -> Sequence[LoginAttempt]:
    """Record an attempt before the password is checked, so that parallel attempts cannot exceed the limit.

    Raises TooManyAttempts, and then nothing is recorded.
    """
    at = now()
    await check(subjects, at, session)
    attempts = [LoginAttempt(subject=subject, at=at) for subject in subjects]
    session.add_all(attempts)
    await session.flush()
    return attempts
