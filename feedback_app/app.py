"""The application: the table of contents of the house, and nothing else."""

from typing import Any

from quart import Quart

from . import errors, live
from .accounts import account_views, invitation_views, membership_views
from .accounts import views as session_views
from .accounts.login_throttle import Subjects
from .accounts.passwords import Passwords
from .antispam.form_token import FormTokens
from .antispam.visitor_token import VisitorTokens
from .config import Settings
from .database import Database
from .installation import data_folder
from .installation.secret_key import Secrets
from .installation.signing import Keys
from .live import views as live_views
from .moderation import audit_log_views
from .moderation import views as moderation_views
from .server import health, health_views, metrics_views, retention
from .settings import views as settings_views
from .walls import embed, feeds, page, page_cache
from .walls import views as wall_views
from .walls.posting import fast_path, submit
from .walls.posting import views as posting_views
from .walls.posting.receipts import AuthorTokens
from .web import assets, responses, security, templates
from .web.middleware import access_log, body_limit, proxy_headers, sub_path, trusted_host
from .web.middleware.asgi import wrap


def create_app(**overrides: Any) -> Quart:
    """The application on the database that the settings name; `overrides` are settings by their name in `Settings`."""
    settings = Settings.from_environment(**overrides)
    keys = Keys(Secrets(settings))
    database = Database(data_folder.database_url(settings), synchronous=settings.synchronous)

    app = Quart(__name__, static_folder=None)
    # An address with a doubled slash is another address; it would be redirected past our error pages.
    app.url_map.merge_slashes = False
    passwords = Passwords()
    app.after_serving(passwords.close)
    app.extensions.update(settings=settings, keys=keys, database=database, form_tokens=FormTokens(keys))
    app.extensions.update(visitor_tokens=VisitorTokens(keys))
    app.extensions.update(subjects=Subjects(keys), passwords=passwords, author_tokens=AuthorTokens(keys))

    for room in (access_log, assets, templates, errors, security, responses, page, submit):
        room.init_app(app)
    for room in (
        wall_views, posting_views, live_views, embed, feeds, health_views, metrics_views, session_views,
        invitation_views, account_views, membership_views, settings_views, moderation_views, audit_log_views,
    ):  # fmt: skip
        app.register_blueprint(room.views)

    live.init_app(app, settings, database)
    retention.init_app(app, settings, database)
    fast_path.init_app(app, settings)
    wrap(app, body_limit.BodyLimitMiddleware)
    page_cache.init_app(app, settings)
    wrap(app, lambda inner: trusted_host.TrustedHostMiddleware(inner, settings))
    if settings.root:
        wrap(app, lambda inner: sub_path.SubPathMiddleware(inner, settings.root))
    proxy_headers.init_app(app, settings)
    wrap(app, access_log.AccessLogMiddleware)
    health.init_app(app, database)
    data_folder.init_app(app, settings, database)
    return app
