"""How often somebody may try to log in: counted in the database, so that every process and machine counts together."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from itsdangerous import BadData
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..installation.signing import Keys
from ..models import LoginAttempt
from ..web.middleware.network import network_of

# So many tries within so long, for a name and for an address. Whoever gets in has not tried: they are not counted.
LIMITS = ((timedelta(minutes=1), 10), (timedelta(hours=1), 60))


class TooManyAttempts(Exception):
    """The message is a sentence for whoever tries, wherever they are and whoever they are."""

    def __init__(self, seconds: int) -> None:
        wait = f"{seconds} seconds" if seconds < 100 else f"{-(-seconds // 60)} minutes"
        super().__init__(f"Too many have tried in a short time. Try again in {wait}.")
        self.seconds = seconds


class Subjects:
    """Whose tries are counted together, as keyed digests: no name and no network address is stored."""

    def __init__(self, keys: Keys) -> None:
        self._keys, self._devices = keys, keys.signer("device")

    def of(self, login: str, address: str) -> list[str]:
        """The name that is tried, and the network address that tries it."""
        return [self._digest("name", login), self._digest("address", network_of(address))]

    def of_device(self, device: str, moderator_id: int) -> list[str]:
        """A device on which this moderator was logged in before, alone: whatever strangers do, it gets its tries.

        Empty where the cookie names no such device.
        """
        try:
            named, number = self._devices.read(device)
        except (BadData, ValueError, TypeError):
            return []
        return [self._digest("device", str(number))] if named == moderator_id else []

    def of_session(self, login_id: int) -> list[str]:
        """A session in which the password is asked once more."""
        return [self._digest("session", str(login_id))]

    def device(self, moderator_id: int, number: str) -> str:
        """What a device keeps, to be known again."""
        return self._devices.sign([moderator_id, number])

    def _digest(self, kind: str, value: str) -> str:
        return self._keys.digest("attempts", f"{kind} {value}")


async def check(subjects: Collection[str], at: datetime, session: AsyncSession) -> None:
    """Raises TooManyAttempts."""
    wait = timedelta()
    for window, most in LIMITS:
        for _, count, earliest in await session.execute(
            LoginAttempt.times_of(subjects, since=at - window, until=at + window)
        ):
            if count >= most:
                wait = max(wait, earliest + window - at)
    if wait > timedelta():
        raise TooManyAttempts(int(wait.total_seconds()) + 1)


async def attempt(subjects: Collection[str], session: AsyncSession) -> Sequence[LoginAttempt]:
    """Write down a try before it is made, so that many at once cannot all be the first.

    Raises TooManyAttempts, and then nothing is counted.
    """
    at = now()
    await check(subjects, at, session)
    attempts = [LoginAttempt(subject=subject, at=at) for subject in subjects]
    session.add_all(attempts)
    await session.flush()
    return attempts
