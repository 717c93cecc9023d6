"""The app's state: the objects that `create_app` makes once and every room uses."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from quart import Quart, current_app

from ..config import Settings
from ..database import Database
from ..installation.signing import Keys

if TYPE_CHECKING:  # Types of later rooms; this room only stores their objects.
    from ..accounts.login_throttle import Subjects
    from ..accounts.passwords import Passwords
    from ..antispam.form_token import FormTokens
    from ..antispam.visitor_token import VisitorTokens
    from ..live.broadcaster import Broadcaster
    from ..live.catch_up import CatchUpCache
    from ..live.hub import Hub
    from ..server.health import Readiness
    from ..server.retention import Retention
    from ..walls.posting.receipts import AuthorTokens
    from ..walls.posting.submit import Submissions
    from ..walls.versions import WallVersions

NAME = "feedback"


@dataclass(frozen=True)
class AppState:
    """`build_id` is a hash of all templates, catalogues and assets; `warned` lists warnings already logged once."""

    settings: Settings
    keys: Keys
    database: Database
    build_id: str
    form_tokens: "FormTokens"
    visitor_tokens: "VisitorTokens"
    author_tokens: "AuthorTokens"
    subjects: "Subjects"
    passwords: "Passwords"
    submissions: "Submissions"
    hub: "Hub"
    wall_versions: "WallVersions"
    catch_up_cache: "CatchUpCache"
    broadcaster: "Broadcaster"
    readiness: "Readiness"
    retention: "Retention"
    warned: set[str] = field(default_factory=set)


def state() -> AppState:
    """The state of the current app. Raises RuntimeError outside of an app context."""
    return state_of(current_app)


def state_of(app: Quart) -> AppState:
    """The state of this app. Raises KeyError when `create_app` did not make it."""
    return cast("AppState", app.extensions[NAME])


def database() -> Database:
    """The database of the current app."""
    return state().database
