"""What the app knows: walls, feedback, posts on their way, moderators. Nothing here waits or knows the web."""

from .act import Act, ActEntry, Block
from .base import Base
from .feedback import Feedback
from .former_address import FormerAddress
from .invitation import Setup
from .login import Attempt, Login
from .moderator import Membership, Moderator
from .search_backfill import Refolding
from .submission import Author, Post
from .wall import Wall

__all__ = [
    "Act",
    "ActEntry",
    "Attempt",
    "Author",
    "Base",
    "Block",
    "Feedback",
    "FormerAddress",
    "Login",
    "Membership",
    "Moderator",
    "Post",
    "Refolding",
    "Setup",
    "Wall",
]
