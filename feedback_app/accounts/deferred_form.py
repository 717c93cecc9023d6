"""The request that an expired session interrupted: where to go after the login, and the form to send then.

It travels through the login page in hidden fields. Forms come from our own pages only (web/security.py). The deferred
form needs another click, so nobody can be tricked into sending it by logging in.
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
# Many entries may be selected in the moderation queue.
FIELDS = 1200
# Leaves room for the login's own fields within the body limit.
MOST_CHARACTERS = 30_000
# Against open redirects: one slash, no second one, and nothing that browsers drop or read as a slash.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")


@dataclass(frozen=True)
class DeferredRequest:
    """`next` is the path to go to after the login; `action` and `fields` are the interrupted form, if there was one."""

    prefix = PREFIX

    next: str = HOME
    action: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of_request(cls, form: MultiDict[str, str] | None) -> "DeferredRequest":
        """The deferred form of the current request. Passwords are left out, and so is a form that is too large."""
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
        """The deferred form in the login page's hidden fields."""
        action = own_path(form.get("action", ""))
        fields = [
            (name.removeprefix(PREFIX), printable(value))
            for name, value in form.items(multi=True)
            if name.startswith(PREFIX)
        ]
        return cls(own_path(form.get("next", "")) or HOME, action or "", fields if action else [])

    @property
    def login(self) -> str:
        """The path of the login page that leads to `next`."""
        return "/login" if self.next == HOME else f"/login?{urlencode({'next': self.next})}"

    def by_name(self) -> Iterable[tuple[str, list[str]]]:
        """The fields to show: each name once, with all its values."""
        return MultiDict(self.fields).lists()


def own_path(text: str) -> str | None:
    """The text if it is a path on this site, however a browser reads it; else None."""
    return text if _OWN_PATH.fullmatch(text) else None


def _page_before() -> str:
    """The path of the page with the form, from `Referer`; HOME if that is another site."""
    address = parts_of(request.headers.get("Referer", ""))
    if f"{address.scheme}://{address.netloc}" != own_origin():
        return HOME
    path = address.path.removeprefix(root())
    return own_path(path + (f"?{address.query}" if address.query else "")) or HOME
