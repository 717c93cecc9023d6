"""Outages: that the database went and that it came back is said once each, however many requests were refused."""

import logging
from typing import Literal

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from .errors import DatabaseUnfit, is_about_values

Doing = Literal["reading", "writing"]
GONE = {
    "reading": "The database does not answer. It is tried again until it does.",
    "writing": "The database takes nothing that is written. It is tried again until it does.",
}
logger = logging.getLogger(__name__)


class Outage:
    """Whether the database works, as whoever reads or writes in this process finds."""

    def __init__(self) -> None:
        self._failing: set[Doing] = set()

    @property
    def lasts(self) -> bool:
        return bool(self._failing)

    def failed(self, doing: Doing, error: BaseException) -> None:
        """Say it, if the error means an outage and nobody has said it yet."""
        if not is_outage(error):
            return
        if not self._failing:
            logger.error(GONE[doing], exc_info=error)
        self._failing.add(doing)

    def worked(self, doing: Doing) -> None:
        """It is over when what failed has worked; who can still read cannot tell whether writing goes on."""
        if doing in self._failing:
            self._failing.clear()
            logger.info("The database works again.")


def is_outage(error: BaseException) -> bool:
    """Whether it is the database that failed, and not what was asked of it."""
    if isinstance(error, DBAPIError):
        return not isinstance(error, IntegrityError | DataError) and not is_about_values(error)
    return isinstance(error, SQLAlchemyError | DatabaseUnfit | OSError)
