"""The application: its state, its ASGI middleware in one list, its blueprints."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

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
from .live.broadcaster import Broadcaster
from .live.catch_up import CatchUpCache
from .live.commit_watch import commit_watcher_for
from .live.hub import Hub
from .live.streams import StreamMiddleware
from .live.wall_index import WallIndexMiddleware
from .moderation import audit_log_views
from .moderation import views as moderation_views
from .server import health, health_views, metrics_views, retention
from .server.health import Readiness
from .server.retention import Retention
from .settings import views as settings_views
from .walls import embed, feeds, page, page_cache
from .walls import views as wall_views
from .walls.page_cache.middleware import PageCacheMiddleware
from .walls.posting import views as posting_views
from .walls.posting.fast_path import PostFastPathMiddleware
from .walls.posting.receipts import AuthorTokens
from .walls.posting.submit import Submissions
from .walls.versions import wall_versions_for
from .web import assets, responses, security
from .web.middleware import access_log, proxy_headers
from .web.middleware.access_log import AccessLogMiddleware
from .web.middleware.asgi import App
from .web.middleware.body_limit import BodyLimitMiddleware
from .web.middleware.proxy_headers import ProxyHeadersMiddleware
from .web.middleware.sub_path import SubPathMiddleware
from .web.middleware.trusted_host import TrustedHostMiddleware
from .web.state import NAME, AppState
from .web.templates import build_id


def create_app(**overrides: Any) -> Quart:
    """The application. `overrides` are settings by name. Raises ConfigurationError for an invalid one."""
    app = Quart(__name__, static_folder=None)
    # Quart would redirect doubled slashes past our error pages.
    app.url_map.merge_slashes = False
    state = app.extensions[NAME] = state_from(Settings.from_environment(**overrides))

    for room in (access_log, assets, errors, security, responses, page, proxy_headers):
        room.init_app(app)
    for room in (
        wall_views, posting_views, live_views, embed, feeds, health_views, metrics_views, session_views,
        invitation_views, account_views, membership_views, settings_views, moderation_views, audit_log_views,
    ):  # fmt: skip
        app.register_blueprint(room.views)

    for layer in reversed(middleware(state)):
        app.asgi_app = layer(cast("App", app.asgi_app))  # type: ignore[method-assign, assignment]

    app.after_serving(state.passwords.close)
    for room in (live, retention, page_cache, health):
        room.init_app(app)
    data_folder.init_app(app, state.settings, state.database)
    return app


def state_from(settings: Settings) -> AppState:
    """The objects of one app. None of them does I/O before the app serves. Raises ConfigurationError."""
    keys = Keys(Secrets(settings))
    database = Database(data_folder.database_url(settings), synchronous=settings.synchronous)
    hub = Hub(most=settings.streams, most_per_address=settings.streams_per_address)
    wall_versions = wall_versions_for(database)
    broadcaster = Broadcaster(database, hub, commit_watcher_for(database, hub.has_listeners))
    form_tokens, visitor_tokens, author_tokens = FormTokens(keys), VisitorTokens(keys), AuthorTokens(keys)
    return AppState(
        settings=settings,
        keys=keys,
        database=database,
        build_id=build_id(),
        form_tokens=form_tokens,
        visitor_tokens=visitor_tokens,
        author_tokens=author_tokens,
        subjects=Subjects(keys),
        passwords=Passwords(),
        submissions=Submissions(settings, keys, form_tokens, visitor_tokens, author_tokens, database),
        hub=hub,
        wall_versions=wall_versions,
        catch_up_cache=CatchUpCache(database, wall_versions),
        broadcaster=broadcaster,
        readiness=Readiness(database, broadcaster),
        retention=Retention(database, undo_days=settings.undo_days, keep_days=settings.keep_removed_days),
    )


def middleware(state: AppState) -> list[Callable[[App], App]]:
    """The ASGI layers between the server and Quart, outermost first."""
    settings, hub, database, base_url = state.settings, state.hub, state.database, state.settings.base_url
    return [
        AccessLogMiddleware,
        *([partial(ProxyHeadersMiddleware, settings=settings)] if settings.trusted_proxies else []),
        *([partial(SubPathMiddleware, root=settings.root)] if settings.root else []),
        partial(TrustedHostMiddleware, settings=settings),
        partial(
            PageCacheMiddleware, wall_versions=state.wall_versions, form_tokens=state.form_tokens, base_url=base_url
        ),
        BodyLimitMiddleware,
        partial(
            PostFastPathMiddleware, wall_versions=state.wall_versions, submissions=state.submissions, settings=settings
        ),
        partial(WallIndexMiddleware, hub=hub, database=database, base_url=base_url),
        partial(StreamMiddleware, hub=hub, database=database, catch_up_cache=state.catch_up_cache, base_url=base_url),
    ]
