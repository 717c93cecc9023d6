"""The choices in a wall's settings, as values with their labels."""

ANYBODY = "*"
HOLD = (
    ("none", "Publish everything immediately"),
    ("links", "Review posts with links"),
    ("first", "Review posts from first-time visitors"),
    ("all", "Review every post"),
)
NAMES = (("required", "Name required"), ("optional", "Name optional"), ("never", "No name is asked for"))
THEMES = (("auto", "Match the visitor's device"), ("light", "Light"), ("dark", "Dark"))
SLOW = ((0, "No limit"), (30, "Every 30 seconds"), (60, "Every minute"), (300, "Every 5 minutes"),
        (900, "Every 15 minutes"), (3600, "Every hour"))  # fmt: skip
