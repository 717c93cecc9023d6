"""The application: the table of contents of the house, and nothing else."""

from typing import Any

from quart import Quart

from . import (
    assets,
    errors,
    front,
    guard,
    hosts,
    installation,
    jinja,
    live,
    logs,
    pages,
    proxies,
    readiness,
    security,
    sub_path,
    writing,
)
from .asgi import wrap
from .attempts import Subjects
from .config import Settings
from .database import Database
from .front import letterbox
from .keys import Keys
from .passwords import Passwords
from .receipts import Receipts
from .secret import Secrets
from .stamps import Stamps
from .views import accounts, embeds, feedback, feeds, health, log, memberships, moderation, sessions, setups, walls
from .views import live as live_views
from .views import metrics as metrics_views
from .views import settings as settings_views
from .visitors import Visitors


def create_app(**overrides: Any) -> Quart:
    """The application on the database that the settings name; `overrides` are settings by their name in `Settings`."""
    settings = Settings.from_environment(**overrides)
    keys = Keys(Secrets(settings))
    database = Database(installation.database_url(settings), synchronous=settings.synchronous)

    app = Quart(__name__, static_folder=None)
    # An address with a doubled slash is another address; it would be redirected past our error pages.
    app.url_map.merge_slashes = False
    passwords = Passwords()
    app.after_serving(passwords.close)
    app.extensions.update(settings=settings, keys=keys, database=database, stamps=Stamps(keys))
    app.extensions.update(visitors=Visitors(keys))
    app.extensions.update(subjects=Subjects(keys), passwords=passwords, receipts=Receipts(keys))

    for room in (logs, assets, jinja, errors, security, pages, writing):
        room.init_app(app)
    for room in (
        walls,
        feedback,
        live_views,
        embeds,
        feeds,
        health,
        metrics_views,
        sessions,
        setups,
        accounts,
        memberships,
        settings_views,
        moderation,
        log,
    ):
        app.register_blueprint(room.views)

    live.init_app(app, settings, database)
    letterbox.init_app(app, settings)
    wrap(app, guard.BodyGuard)
    front.init_app(app, settings)
    wrap(app, lambda inner: hosts.Hosts(inner, settings))
    if settings.root:
        wrap(app, lambda inner: sub_path.SubPathMiddleware(inner, settings.root))
    proxies.init_app(app, settings)
    wrap(app, logs.RequestLog)
    readiness.init_app(app, database)
    installation.init_app(app, settings, database)
    return app
