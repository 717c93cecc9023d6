"""Database outages: logged once at the start and once at the end, however many requests fail."""

import logging
from typing import Literal

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from .errors import DatabaseUnfit, is_about_values

Doing = Literal["reading", "writing"]
GONE = {
    "reading": "The database does not respond. Retrying until it does.",
    "writing": "The database accepts no writes. Retrying until it does.",
}
logger = logging.getLogger(__name__)


class Outage:
    """Whether the database works, as observed by reads and writes of this process."""

    def __init__(self) -> None:
        self._failing: set[Doing] = set()

    @property
    def is_active(self) -> bool:
        """Whether the latest read or write failed."""
        return bool(self._failing)

    def failed(self, doing: Doing, error: BaseException) -> None:
        """Record a failure; log it if it starts an outage."""
        if not is_outage(error):
            return
        if not self._failing:
            logger.error(GONE[doing], exc_info=error)
        self._failing.add(doing)

    def worked(self, doing: Doing) -> None:
        """Record a success; it ends the outage if `doing` had failed. A read does not show that writes work."""
        if doing in self._failing:
            self._failing.clear()
            logger.info("The database works again.")


def is_outage(error: BaseException) -> bool:
    """Whether the database failed, and not the statement or its values."""
    if isinstance(error, DBAPIError):
        return not isinstance(error, IntegrityError | DataError) and not is_about_values(error)
    return isinstance(error, SQLAlchemyError | DatabaseUnfit | OSError)
