"""Database models (SQLAlchemy): walls, feedback, submissions, acts, moderators; their tables, queries and verbs.

Start reading at wall.py, then feedback.py. A query returns a `select()` that the caller runs.
May import text, clock and config. No `await`, no web.
Tests: through the rooms that use them, tests/walls/ and tests/moderation/ first; query plans in tests/database/.
"""

from .act import Act, ActEntry, Block
from .base import Base
from .feedback import Feedback
from .former_address import FormerAddress
from .invitation import Invitation
from .login import LoginAttempt, LoginSession
from .moderator import Membership, Moderator
from .search_backfill import SearchBackfill
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
    "SearchBackfill",
    "Submission",
    "Wall",
]
