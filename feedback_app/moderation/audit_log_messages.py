"""Sentences of the audit log. Each follows the moderator's name and gives old and new values, as HTML."""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

from ..models import Act
from ..models.moderator import OWNER
from ..text.translation import LANGUAGES
from ..walls.choices import ANYBODY, HOLD, NAMES, SLOW, THEMES

# The choices of the log's filter: group, verb, label.
KINDS = {
    "Posts": {
        "publish": "Published",
        "hide": "Hidden",
        "remove": "Removed",
        "pin": "Pinned",
        "unpin": "Unpinned",
        "answer": "Answered",
        "block-author": "Author blocked",
        "unblock-author": "Author unblocked",
        "undo": "Undone",
    },
    "Wall": {
        "make": "Created",
        "arrange": "Settings changed",
        "rename": "Address changed",
        "archive": "Archived",
        "unarchive": "Unarchived",
    },
    "Team": {"appoint": "Team changed"},
}
ON_POSTS = {
    "publish": "published {}",
    "hide": "hid {}",
    "remove": "removed {}",
    "pin": "pinned {}",
    "unpin": "unpinned {}",
    "answer": "answered {}",
    "block-author": "blocked the author of {}",
    "unblock-author": "unblocked the author of {}",
}
ON_WALL = {"make": "created the wall", "archive": "archived the wall", "unarchive": "unarchived the wall"}
SETTINGS = {
    "title": "the title",
    "welcome": "the welcome text",
    "language": "the language",
    "names": "names",
    "hold": "moderation",
    "slow_seconds": "how often one person may post",
    "theme": "light or dark",
    "accent": "the accent colour",
    "embedders": "where the wall may be embedded",
}
CHOICES: dict[str, Mapping[Any, str]] = {
    "language": dict(LANGUAGES),
    "names": dict(NAMES),
    "hold": dict(HOLD),
    "slow_seconds": dict(SLOW),
    "theme": dict(THEMES),
}
SHOWN = 90


def sentence(act: Act, total: int, after: Mapping[str, Any], undone: tuple[Act, int] | None = None) -> Markup:
    """The act as HTML. `total` is the number of its entries, `after` has the wall's new values by column.

    `undone` is the act that this one undid, with the number of its entries.
    """
    before = act.before or {}
    if act.verb == "undo":
        return _undo_sentence(undone)
    if act.verb == "arrange":
        return _settings_sentence(before, after)
    if act.verb == "rename":
        return _rename_sentence(before, after)
    if act.verb == "appoint":
        return _role_sentence(before)
    return (
        _posts_sentence(act.verb, total)
        if act.verb in ON_POSTS
        else Markup("{}").format(ON_WALL.get(act.verb, act.verb))
    )


def _posts_sentence(verb: str, total: int) -> Markup:
    return escape(ON_POSTS[verb].format("an entry" if total == 1 else f"{total} entries" if total else "entries"))


def _undo_sentence(undone: tuple[Act, int] | None) -> Markup:
    if undone is None:
        return Markup("undid an earlier action")
    act, count = undone
    if act.verb in ("block-author", "unblock-author"):
        words = f"{act.verb.removesuffix('-author')}ed {'author' if count <= 1 else f'{count} authors'}"
        return Markup("undid “{}”").format(words)
    return Markup("undid “{}”").format(_posts_sentence(act.verb, count) if act.verb in ON_POSTS else act.verb)


def _settings_sentence(before: Mapping[str, Any], after: Mapping[str, Any]) -> Markup:
    parts = []
    if "is_closed" in before:
        parts.append(Markup("opened the wall") if before["is_closed"] else Markup("closed the wall"))
    changed = [_change(name, before, after) for name in SETTINGS if name in before]
    if changed:
        parts.append(Markup("changed {}").format(_joined(changed)))
    return Markup(", and ").join(parts) if parts else Markup("changed the settings")


def _change(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Markup:
    if name not in after:
        return Markup("{} from {}").format(SETTINGS[name], _value(name, before[name]))
    return Markup("{} from {} to {}").format(SETTINGS[name], _value(name, before[name]), _value(name, after[name]))


def _value(name: str, value: Any) -> Markup:
    """A value with the label that the settings form gives it."""
    if name in CHOICES:
        return _quoted(CHOICES[name].get(value, str(value)))
    if name == "embedders":
        return escape("any site") if value == ANYBODY else _quoted(value) if value else escape("no site")
    if name == "accent":
        return escape(f"#{value}") if value else escape("the default")
    return _quoted(value) if value else escape("the default")


def _quoted(words: object) -> Markup:
    text = " ".join(str(words).split())
    return Markup("“<bdi>{}</bdi>”").format(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")


def _rename_sentence(before: Mapping[str, Any], after: Mapping[str, Any]) -> Markup:
    sentence = Markup("changed the address from /walls/{}").format(before.get("slug", ""))
    return sentence + Markup(" to /walls/{}").format(after["slug"]) if "slug" in after else sentence


def _role_sentence(before: Mapping[str, Any]) -> Markup:
    def role(name: Any) -> str:
        return "an owner" if name == OWNER else "a moderator"

    name, former, then = before.get("moderator", ""), before.get("role"), before.get("then")
    if then is None:
        return Markup("removed <bdi>{}</bdi> from the team").format(name)
    if former is None:
        return Markup("added <bdi>{}</bdi> as {}").format(name, role(then))
    return Markup("made <bdi>{}</bdi> {} instead of {}").format(name, role(then), role(former))


def _joined(parts: Iterable[Markup]) -> Markup:
    *most, last = parts
    return Markup(", ").join(most) + Markup(" and ") + last if most else last
