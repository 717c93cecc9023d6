"""The choices in a wall's settings, as values with their labels."""

from ..models.base import Hold, NameRule
from ..text.messages import Message

ANYBODY = "*"
HOLD = (
    (Hold.NONE, Message("Nothing")),
    (Hold.LINKS, Message("Posts with links")),
    (Hold.FIRST, Message("First-time visitors")),
    (Hold.ALL, Message("Every post")),
)
NAMES = (
    (NameRule.REQUIRED, Message("Required")),
    (NameRule.OPTIONAL, Message("Optional")),
    (NameRule.NEVER, Message("Not asked for")),
)
THEMES = (("auto", Message("Match the visitor's device")), ("light", Message("Light")), ("dark", Message("Dark")))
SLOW = (
    (0, Message("No limit")),
    (30, Message("Every 30 seconds")),
    (60, Message("Every minute")),
    (300, Message("Every 5 minutes")),
    (900, Message("Every 15 minutes")),
    (3600, Message("Every hour")),
)
