"""What every answer says to the browser, and which forms we take: those that our own pages sent."""

import logging
import re

from quart import Quart, Response, abort, g, request

from ..config import PREFIX, Settings
from ..text.messages import Message
from .middleware.sub_path import root
from .state import state

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-src {frames}; {framing}"
    "require-trusted-types-for 'script'; trusted-types wall"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Without a referrer the browser would call the origin of our own plain forms "null".
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
# For pages behind the login, and the login itself.
PRIVATE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
# For what may stand in a frame on a page that is cross-origin isolated, and for all that such a frame loads.
FRAMED = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "cross-origin"}
# For what is no page of its own, and would be found without the page around it.
FRAGMENT = {"X-Robots-Tag": "noindex"}
# For what stands on a public page, which changes.
CHANGING = "private, no-cache"
ORIGIN = re.compile(r"null|https?://[0-9A-Za-z._:\[\]-]{1,255}")
logger = logging.getLogger(__name__)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FOREIGN = Message("This form came from another site, so nothing was stored. Open the wall itself and write there.")


def init_app(app: Quart) -> None:
    app.before_request(refuse_foreign_forms)
    app.after_request(add_headers)


def own_origin() -> str:
    """The scheme, host and port under which visitors see us."""
    return own_address().removesuffix(root())


def own_address() -> str:
    """The address below which visitors see us: our origin, and the path of a wall that lives below one."""
    return str(state().settings.base_url or request.host_url).rstrip("/")


def is_secure() -> bool:
    """Whether visitors see us over https."""
    return own_origin().startswith("https:")


async def refuse_foreign_forms() -> None:
    """Take a form only from our own pages.

    Browsers say where a request comes from in headers that no page can forge: `Sec-Fetch-Site` to https and to
    localhost, `Origin` everywhere. This needs no cookie and no token, so it holds in a frame on another site too. A
    request with neither header is no browser's form.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if not (is_our_site(site) if site is not None else request.headers.get("Origin") == own_origin()):
        if site is None:
            _say_where_from()
        abort(403, FOREIGN)


def _say_where_from() -> None:
    """Once: a proxy that hands on another name or scheme than the browser used makes all forms look foreign."""
    origin = request.headers.get("Origin")
    if origin is None or "foreign form" in state().warned:
        return
    state().warned.add("foreign form")
    shown = origin if ORIGIN.fullmatch(origin) else "unreadable"
    advice = (
        f"Where that is the address of this wall, set {PREFIX}BASE_URL to it, or have the proxy pass the host and the "
        "scheme on."
        if shown != "null"
        else "A policy that sends no referrer has browsers say null: do not set one in the proxy."
    )
    logger.warning("A form came from another site: Origin %s, while this wall is %s. %s", shown, own_origin(), advice)


def is_our_site(site: str) -> bool:
    """Whether a browser that says this in `Sec-Fetch-Site` sends a form from one of our own pages."""
    return site == "same-origin"


def allow_framing(ancestors: str) -> None:
    """Let these other sites show this answer in a frame; `*` is any page, also of a file or an app."""
    g.frame_ancestors = ancestors


def session_cookie(*, is_secure: bool, is_below_path: bool) -> str:
    """The name of the cookie that holds a session.

    A browser takes `__Host-` only from the host itself over https, so that nothing beside us can put one there. It
    also demands that the cookie is for the whole host, which is not ours alone below a path.
    """
    if not is_secure:
        return "feedback"
    return "__Secure-feedback" if is_below_path else "__Host-feedback"


def keep_private() -> None:
    """This answer is for one person: it is kept nowhere, and no other window gets hold of its own."""
    g.is_private = True


def keep_unlisted() -> None:
    """This answer is a part of a page, which search engines are not to list."""
    g.is_unlisted = True


async def add_headers(response: Response) -> Response:
    response.headers.update(headers(state().settings))
    if g.get("is_private"):
        response.headers.update(PRIVATE)
    if "frame_ancestors" in g:
        response.headers.update(FRAMED)
    if g.get("is_unlisted"):
        response.headers.update(FRAGMENT)
    # A policy on a 304 would replace the one of the page that the browser has kept.
    if response.mimetype == "text/html" and response.status_code != 304:
        response.headers["Content-Security-Policy"] = policy(
            g.get("frame_src", "'none'"), g.get("frame_ancestors", "'none'")
        )
    if response.status_code >= 400 or "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store" if response.status_code >= 400 else CHANGING
    return response


def headers(settings: Settings) -> dict[str, str]:
    """What every answer says."""
    if not settings.base_url.startswith("https:") or settings.hsts == "off":
        return HEADERS
    return {**HEADERS, "Strict-Transport-Security": settings.hsts}


def policy(frames: str = "'none'", ancestors: str = "'none'") -> str:
    """What every page says about what it may load, which it may show in frames, and which may show it.

    For `*` it says nothing about the last: in a policy that stands for http and https alone (CSP 3, section 6.7.2.8).
    """
    framing = "" if ancestors == "*" else f"frame-ancestors {ancestors}; "
    return POLICY.format(frames=frames, framing=framing)
