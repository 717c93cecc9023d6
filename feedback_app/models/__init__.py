"""What the app knows: walls, the feedback on them, posts on their way. Nothing here waits or knows the web."""

from .base import Base
from .feedback import Feedback
from .post import Post
from .wall import Wall

__all__ = ["Base", "Feedback", "Post", "Wall"]
