"""Writing: what becomes of a form that is filled in as it should be, by whichever way it came."""

from functools import lru_cache, partial
from typing import NamedTuple, cast

from markupsafe import Markup
from quart import Quart

from .authors import authors_at
from .clock import now
from .config import Settings
from .database import Database
from .forms import Composer, Filled
from .jinja import render
from .keys import Keys
from .models import Feedback, Post, Wall
from .place import Place
from .receipts import Receipts
from .receiving import receive
from .security import FRAGMENT
from .sentences import Sentence
from .stamps import Stamps
from .sub_path import root

EXPIRED = Sentence("This page had been open for long. Your words are still here: please post them once more.")
TRAPPED = Sentence("Only robots fill in the hidden field. Your words are still here: please post them once more.")
EMPTY = Composer()


def init_app(app: Quart) -> None:
    rooms = ("settings", "keys", "stamps", "receipts", "database")
    app.extensions["writing"] = Writing(*(app.extensions[each] for each in rooms))


class Thanks(NamedTuple):
    """What somebody is answered whose words were taken in."""

    status: int
    headers: dict[str, str]
    body: str


class Writing:
    def __init__(self, settings: Settings, keys: Keys, stamps: Stamps, receipts: Receipts, database: Database) -> None:
        self._settings, self._keys, self._stamps, self._receipts = settings, keys, stamps, receipts
        self._database = database
        # Nearly every form that is shown is an empty one, the same for a whole hour.
        self._empty_fields = lru_cache(maxsize=256)(self._fields)

    def distrust(self, filled: Filled, wall: Wall) -> Sentence | None:
        """Why this form does not seem to come from a person who has our page open, as a sentence to them."""
        if not self._settings.defences:
            return None
        if filled.website:
            return TRAPPED
        return None if self._stamps.is_good(filled.stamp, wall.id, now()) else EXPIRED

    async def take_in(self, filled: Filled, wall: Wall, address: str, place: Place, *, to_htmx: bool) -> Thanks:
        """One entry for one form, however often it arrives. Raises what `receiving` answers instead of one.

        For htmx the thanks are a fresh form and the entry, else the way to the page on which it stands.
        """
        at = now()
        post = Post.of(
            wall_id=wall.id,
            name=filled.name,
            text=filled.text,
            authors=authors_at(address, at, self._keys),
            at=at,
            given=filled.key,
            limits=self._settings.post_limits,
        )
        thanks = partial(self._thanks, wall=wall, place=place, to_htmx=to_htmx)
        return cast("Thanks", await self._database.write_together(receive, post, thanks))

    def _thanks(self, received: Feedback, wall: Wall, place: Place, *, to_htmx: bool) -> Thanks:
        receipt = "" if received.is_public else self._receipts.make(wall.id, received.id)
        if not to_htmx:
            return Thanks(303, {"Location": root() + place.address(thanks=receipt or received.id)}, "")
        values = {"wall": wall, "place": place, "thanks": received, "receipt": receipt, **self.composer(wall)}
        values["thanked"] = received.name
        return Thanks(201, FRAGMENT, render("feedback/_received.html", **values))

    def composer(self, wall: Wall, form: Composer = EMPTY, notice: str = "") -> dict[str, object]:
        """What the form's template needs beside the place and the thanks."""
        stamp = self._stamps.make(wall.id, now())
        make = self._empty_fields if form is EMPTY else self._fields
        return {"fields": make(form, wall.names, wall.language, stamp), "notice": notice, "thanked": ""}

    def _fields(self, form: Composer, names: str, language: str, stamp: str) -> Markup:
        values = {"form": form, "names": names, "language": language, "stamp": stamp}
        return Markup(render("feedback/_fields.html", **values))  # noqa: S704 - Our template.
