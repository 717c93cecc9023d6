"""A slice: as much of a list as is shown at once."""

from collections.abc import Sequence

from .feedback import SLICE, Feedback


class Slice:
    """As many entries as are shown at once; `before` leads to the next older ones and is None at the end."""

    def __init__(self, found: Sequence[Feedback], size: int = SLICE) -> None:
        self.entries: Sequence[Feedback] = found[:size]
        self.before = self.entries[-1].id if len(found) > size else None
