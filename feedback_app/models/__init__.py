"""What the app knows: walls, feedback, posts on their way, moderators. Nothing here waits or knows the web."""

from .act import Act, ActEntry, Block
from .base import Base
from .feedback import Feedback
from .former_address import FormerAddress
from .invitation import Invitation
from .login import LoginAttempt, LoginSession
from .moderator import Membership, Moderator
from .search_backfill import Refolding
from .submission import Author, Submission
from .wall import Wall

__all__ = [
    "Act",
    "ActEntry",
    "Author",
    "Base",
    "Block",
    "Feedback",
    "FormerAddress",
    "Invitation",
    "LoginAttempt",
    "LoginSession",
    "Membership",
    "Moderator",
    "Refolding",
    "Submission",
    "Wall",
]
