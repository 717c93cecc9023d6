"""What the app knows: walls and the feedback on them. Nothing here waits, and nothing here knows the web."""

from .base import Base
from .feedback import Feedback
from .wall import Wall

__all__ = ["Base", "Feedback", "Wall"]
