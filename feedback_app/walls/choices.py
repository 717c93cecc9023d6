"""The choices in a wall's settings, as values with their labels."""

from ..models.base import Hold, NameRule

ANYBODY = "*"
HOLD = (
    (Hold.NONE, "Publish everything immediately"),
    (Hold.LINKS, "Review posts with links"),
    (Hold.FIRST, "Review posts from first-time visitors"),
    (Hold.ALL, "Review every post"),
)
NAMES = (
    (NameRule.REQUIRED, "Name required"),
    (NameRule.OPTIONAL, "Name optional"),
    (NameRule.NEVER, "No name is asked for"),
)
THEMES = (("auto", "Match the visitor's device"), ("light", "Light"), ("dark", "Dark"))
SLOW = ((0, "No limit"), (30, "Every 30 seconds"), (60, "Every minute"), (300, "Every 5 minutes"),
        (900, "Every 15 minutes"), (3600, "Every hour"))  # fmt: skip
