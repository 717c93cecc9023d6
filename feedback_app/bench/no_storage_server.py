"""Reference for posts: our server, except that it stores nothing. The difference is the cost of the database.

`python -m feedback_app.bench.no_storage_server`
"""

from collections.abc import Callable
from typing import Any

from ..app import create_app
from ..models import Feedback, Submission, Wall
from ..server.connections import listen
from ..server.run import run
from ..web.middleware import access_log
from ..web.state import state_of

WALL = Wall(id=1, version=0, desk_version=0)


async def forget(_: Any, post: Submission, then: Callable[[Feedback], Any]) -> Any:
    """Replaces `Database.write_together`."""
    feedback = WALL.receive(name=post.name, text=post.text, author=post.authors[0])
    feedback.take_number(1)
    return then(feedback)


if __name__ == "__main__":
    access_log.configure("off")
    app = create_app()
    state_of(app).database.write_together = forget  # type: ignore[method-assign, assignment]
    listening = listen("127.0.0.1", 0)
    run(app, listening, lambda: print(listening.getsockname()[1], flush=True))
