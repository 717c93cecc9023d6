"""Submitting a valid post: spam check, storage, and the response, for Quart and for the fast path."""

from functools import lru_cache, partial
from typing import NamedTuple

from markupsafe import Markup

from ...antispam.form_checks import spam_reason
from ...antispam.form_token import FormTokens
from ...antispam.pseudonyms import pseudonyms_of
from ...antispam.visitor_token import Visitor, VisitorTokens
from ...clock import now
from ...config import Settings
from ...database import Database
from ...installation.signing import Keys
from ...models import Feedback, Submission, Wall
from ...text.messages import Message
from ...web.middleware.sub_path import root
from ...web.security import FRAGMENT
from ...web.templates import render
from ..location import Location
from .form import Composer, ValidPost
from .receipts import AuthorTokens
from .store import Refused, store_posts

# A post held for one of these reasons gets no visitor token yet.
NOT_LET_IN = ("address", "blocked")
EMPTY = Composer()


class PostResponse(NamedTuple):
    """The response to a stored post; `outcome` is its label in the metrics."""

    status: int
    headers: dict[str, str]
    body: str
    outcome: str


class Submissions:
    """Judges and stores valid posts, and renders the form and the response."""

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        form_tokens: FormTokens,
        visitors: VisitorTokens,
        receipts: AuthorTokens,
        database: Database,
    ) -> None:
        self._settings, self._keys, self._form_tokens, self._receipts = settings, keys, form_tokens, receipts
        self._visitors, self._database = visitors, database
        # Nearly every form shown is empty, and the same for a whole hour.
        self._empty_fields = lru_cache(maxsize=256)(self._fields)

    def spam_reason(self, filled: ValidPost, wall: Wall) -> Message | None:
        """The message for a post that looks like spam (honeypot or form token), None for a good one."""
        if not self._settings.defences:
            return None
        return spam_reason(filled.website, filled.stamp, wall.id, now(), self._form_tokens)

    async def submit(
        self, filled: ValidPost, wall: Wall, address: str, place: Location, *, to_htmx: bool
    ) -> PostResponse | Refused:
        """Store the post, once however often it arrives (idempotency key). Raises the database's errors.

        The response is a fresh form and the entry for htmx, else a redirect to the page with the entry.
        """
        at = now()
        visitor = self._visitors.read(filled.visitor, wall, at)
        networks = pseudonyms_of(address, at, self._keys)
        post = Submission.of(
            wall_id=wall.id,
            name=filled.name,
            text=filled.text,
            authors=visitor.names or networks,
            at=at,
            given=filled.key,
            limits=self._settings.post_limits if visitor.names else (),
            networks=networks,
            is_newcomer=visitor.is_newcomer,
            allowance=self._settings.address_limits if visitor.is_newcomer else (),
        )
        respond = partial(self._respond, wall=wall, place=place, visitor=visitor, to_htmx=to_htmx)
        return await self._database.write_together(store_posts, post, respond)

    def _respond(
        self, received: Feedback | Refused, wall: Wall, place: Location, visitor: Visitor, *, to_htmx: bool
    ) -> PostResponse | Refused:
        if isinstance(received, Refused):
            return received
        receipt = "" if received.is_public else self._receipts.make(wall.id, received.id)
        # A newcomer beyond the network's allowance, or on a blocked author's network, is not recognised yet.
        is_let_in = received.reason not in NOT_LET_IN
        headers = {"Visitor": visitor.token} if visitor.token is not None and is_let_in else {}
        outcome = _outcome(received)
        if not to_htmx:
            headers["Location"] = root() + place.address(thanks=receipt or received.id)
            return PostResponse(303, headers, "", outcome)
        values = {"wall": wall, "location": place, "thanks": received, "receipt": receipt, **self.composer(wall)}
        values["thanked"] = received.name
        return PostResponse(201, {**FRAGMENT, **headers}, render("walls/feedback/_posted.html", **values), outcome)

    def composer(self, wall: Wall, form: Composer = EMPTY, notice: str = "") -> dict[str, object]:
        """The form's template variables: `fields` (its HTML), `notice` and `thanked`."""
        stamp = self._form_tokens.make(wall.id, now())
        make = self._empty_fields if form is EMPTY else self._fields
        return {
            "fields": make(form, wall.names, wall.slow_seconds, wall.language, stamp),
            "notice": notice,
            "thanked": "",
        }

    def _fields(self, form: Composer, names: str, slow_seconds: int, language: str, stamp: str) -> Markup:
        pace = pace_of(slow_seconds)
        values = {"form": form, "names": names, "pace": pace, "language": language, "stamp": stamp}
        return Markup(render("walls/feedback/_fields.html", **values))  # noqa: S704 - Our template.


def pace_of(slow_seconds: int) -> Message | None:
    """The hint about slow mode above the form, None when the wall has none."""
    if not slow_seconds:
        return None
    if slow_seconds == 3600:
        return Message("One post an hour")
    if slow_seconds % 60:
        return Message.counted("One post a second", "One post every %(num)s seconds", slow_seconds)
    return Message.counted("One post a minute", "One post every %(num)s minutes", slow_seconds // 60)


def _outcome(received: Feedback) -> str:
    if received.is_repeated:
        return "repeated"
    return f"held: {received.reason}" if received.is_waiting else "stored"
