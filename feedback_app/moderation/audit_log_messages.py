"""Sentences of the audit log. Each follows the moderator's name; changes of settings have their old and new values."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from ..models import Act
from ..models.moderator import OWNER
from ..text.messages import Message
from ..text.translation import LANGUAGES
from ..walls.choices import ANYBODY, HOLD, NAMES, SLOW, THEMES
from ..walls.looks import LOOKS

# The choices of the log's filter: group, verb, label.
KINDS: tuple[tuple[Message, Mapping[str, Message]], ...] = (
    (
        Message("Posts"),
        {
            "publish": Message("Published"),
            "hide": Message("Hidden"),
            "remove": Message("Removed"),
            "pin": Message("Pinned"),
            "unpin": Message("Unpinned"),
            "answer": Message("Replied"),
            "block-author": Message("Author blocked"),
            "unblock-author": Message("Author unblocked"),
            "undo": Message("Undone"),
        },
    ),
    (
        Message("Wall"),
        {
            "make": Message("Created"),
            "arrange": Message("Settings changed"),
            "rename": Message("Address changed"),
            "archive": Message("Archived"),
            "unarchive": Message("Unarchived"),
        },
    ),
    (Message("Team"), {"appoint": Message("Team changed")}),
)
ON_POSTS: dict[str, Callable[[int], Message]] = {
    "publish": lambda count: Message.counted("published a post", "published %(num)s posts", count),
    "hide": lambda count: Message.counted("hid a post", "hid %(num)s posts", count),
    "remove": lambda count: Message.counted("removed a post", "removed %(num)s posts", count),
    "pin": lambda count: Message.counted("pinned a post", "pinned %(num)s posts", count),
    "unpin": lambda count: Message.counted("unpinned a post", "unpinned %(num)s posts", count),
    "answer": lambda count: Message.counted("replied to a post", "replied to %(num)s posts", count),
    "block-author": lambda count: Message.counted("blocked an author", "blocked %(num)s authors", count),
    "unblock-author": lambda count: Message.counted("unblocked an author", "unblocked %(num)s authors", count),
}
UNDONE: dict[str, Callable[[int], Message]] = {
    "publish": lambda count: Message.counted("undid “published a post”", "undid “published %(num)s posts”", count),
    "hide": lambda count: Message.counted("undid “hid a post”", "undid “hid %(num)s posts”", count),
    "remove": lambda count: Message.counted("undid “removed a post”", "undid “removed %(num)s posts”", count),
    "pin": lambda count: Message.counted("undid “pinned a post”", "undid “pinned %(num)s posts”", count),
    "unpin": lambda count: Message.counted("undid “unpinned a post”", "undid “unpinned %(num)s posts”", count),
    "answer": lambda count: Message.counted("undid “replied to a post”", "undid “replied to %(num)s posts”", count),
    "block-author": lambda count: Message.counted("undid “blocked author”", "undid “blocked %(num)s authors”", count),
    "unblock-author": lambda count: Message.counted(
        "undid “unblocked author”", "undid “unblocked %(num)s authors”", count
    ),
}
ON_WALL = {
    "make": Message("created the wall"),
    "archive": Message("archived the wall"),
    "unarchive": Message("unarchived the wall"),
}
SETTINGS = {
    "title": Message("Title"),
    "welcome": Message("Welcome text"),
    "language": Message("Language"),
    "names": Message("Names"),
    "hold": Message("Review"),
    "slow_seconds": Message("Slow mode"),
    "prompt": Message("Prompt"),
    "post_label": Message("Words on the button"),
    "look": Message("Look"),
    "theme": Message("Light or dark"),
    "accent": Message("Accent colour"),
    "embedders": Message("Sites that may embed the wall"),
}
CHOICES: dict[str, Mapping[Any, str]] = {
    "language": dict(LANGUAGES),
    "names": dict(NAMES),
    "hold": dict(HOLD),
    "slow_seconds": dict(SLOW),
    "look": {name: look.label for name, look in LOOKS.items()},
    "theme": dict(THEMES),
}
DEFAULT_VALUE = Message("default")
SHOWN = 90


class SettingChange(NamedTuple):
    """What a setting is called, and its values before and after. `after` is empty when it is not known any more."""

    label: str
    before: str
    after: str


def sentence(act: Act, total: int, after: Mapping[str, Any], undone: tuple[Act, int] | None = None) -> str:
    """The act as a sentence to translate. `total` is the number of its entries.

    `after` has the wall's new values by column, `undone` the act that this one undid and the number of its entries.
    """
    before = act.before or {}
    if act.verb == "undo":
        return _undo_sentence(undone)
    if act.verb == "arrange":
        return _settings_sentence(before)
    if act.verb == "rename":
        return _rename_sentence(before, after)
    if act.verb == "appoint":
        return _role_sentence(before)
    return ON_POSTS[act.verb](max(total, 1)) if act.verb in ON_POSTS else ON_WALL.get(act.verb, act.verb)


def setting_changes(act: Act, after: Mapping[str, Any]) -> list[SettingChange]:
    """The settings that the act changed, with old and new values."""
    before = act.before or {}
    if act.verb != "arrange":
        return []
    return [
        SettingChange(SETTINGS.get(name, name), _value(name, value), _value(name, after[name]) if name in after else "")
        for name, value in before.items()
        if name not in ("is_closed", "arranged")
    ]


def _undo_sentence(undone: tuple[Act, int] | None) -> Message:
    if undone is None or undone[0].verb not in UNDONE:
        return Message("undid an earlier action")
    act, count = undone
    return UNDONE[act.verb](max(count, 1))


def _settings_sentence(before: Mapping[str, Any]) -> Message:
    has_more = set(before) - {"is_closed", "arranged"}
    if "is_closed" not in before:
        return Message("changed the settings")
    if before["is_closed"]:
        return Message("opened the wall and changed the settings") if has_more else Message("opened the wall")
    return Message("closed the wall and changed the settings") if has_more else Message("closed the wall")


def _value(name: str, value: Any) -> str:
    """A value with the label that the settings form gives it."""
    if name in CHOICES:
        return _shortened(CHOICES[name].get(value, value))
    if name == "embedders":
        return Message("any site") if value == ANYBODY else _shortened(value) if value else Message("no site")
    if name == "accent":
        return f"#{value}" if value else DEFAULT_VALUE
    return _shortened(value) if value else DEFAULT_VALUE


def _shortened(value: object) -> str:
    if isinstance(value, Message):
        return value
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _rename_sentence(before: Mapping[str, Any], after: Mapping[str, Any]) -> Message:
    if "slug" not in after:
        return Message("changed the address from /walls/%(old)s", old=before.get("slug", ""))
    return Message(
        "changed the address from /walls/%(old)s to /walls/%(new)s", old=before.get("slug", ""), new=after["slug"]
    )


def _role_sentence(before: Mapping[str, Any]) -> Message:
    name = Markup("<bdi>{}</bdi>").format(before.get("moderator", ""))
    former, then = before.get("role"), before.get("then")
    if then is None:
        return Message("removed %(name)s from the team", name=name)
    if former is None:
        added = Message("added %(name)s as an owner", name=name)
        return added if then == OWNER else Message("added %(name)s as a moderator", name=name)
    if then == OWNER:
        return Message("made %(name)s an owner instead of a moderator", name=name)
    return Message("made %(name)s a moderator instead of an owner", name=name)
