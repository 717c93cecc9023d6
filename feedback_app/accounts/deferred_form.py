"""What somebody was about to do when they had to log in: where they go afterwards, and what they had typed.

Forms come from our own pages only (security.py), and what was kept is sent on by a click of its own, so that nobody
can be made to send anything by logging in.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from quart import request
from werkzeug.datastructures import MultiDict

from ..text.cleaning import printable
from ..web.middleware.sub_path import root
from ..web.security import own_origin
from ..web.urls import parts_of

HOME = "/moderation"
PREFIX = "kept."
# Many entries may be ticked on the desk.
FIELDS = 1200
# The login's own fields must find room beside it in what a form may bring.
MOST_CHARACTERS = 30_000
# One slash and no second one, nothing that a browser leaves out or takes for a slash.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")


@dataclass(frozen=True)
class DeferredRequest:
    """Where to go after the login; and, with an `action`, the form that was on its way there."""

    prefix = PREFIX

    next: str = HOME
    action: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of_request(cls, form: MultiDict[str, str] | None) -> "DeferredRequest":
        """What this request wanted. Passwords are not kept, nor is what is too much."""
        path = quote(request.path, safe="/:@!$&'()*+,;=~")
        if form is None:
            query = request.query_string.decode("ascii", "replace")
            return cls(own_path(f"{path}?{query}" if query else path) or HOME)
        fields = [(name, printable(value)) for name, value in form.items(multi=True) if "password" not in name]
        if not fields or sum(len(name) + len(value) for name, value in fields) > MOST_CHARACTERS:
            return cls(_page_before())
        return cls(_page_before(), own_path(path) or "", fields)

    @classmethod
    def of_login(cls, form: MultiDict[str, str]) -> "DeferredRequest":
        """What the login page carried along."""
        action = own_path(form.get("action", ""))
        fields = [
            (name.removeprefix(PREFIX), printable(value))
            for name, value in form.items(multi=True)
            if name.startswith(PREFIX)
        ]
        return cls(own_path(form.get("next", "")) or HOME, action or "", fields if action else [])

    @property
    def login(self) -> str:
        """The login page that leads there."""
        return "/login" if self.next == HOME else f"/login?{urlencode({'next': self.next})}"

    def by_name(self) -> Iterable[tuple[str, list[str]]]:
        """The fields to look at: each name once, with all its values."""
        return MultiDict(self.fields).lists()


def own_path(text: str) -> str | None:
    """The text where it is an address on this site, however a browser reads it."""
    return text if _OWN_PATH.fullmatch(text) else None


def _page_before() -> str:
    """The page on which the form stood."""
    address = parts_of(request.headers.get("Referer", ""))
    if f"{address.scheme}://{address.netloc}" != own_origin():
        return HOME
    path = address.path.removeprefix(root())
    return own_path(path + (f"?{address.query}" if address.query else "")) or HOME
