"""Security headers (CSP, HSTS, clickjacking protection) and the CSRF check by `Sec-Fetch-Site` and `Origin`."""

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
    # Without a referrer, browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
# For pages behind the login, and the login page.
PRIVATE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
# For frames on cross-origin isolated pages, and for everything such a frame loads.
FRAMED = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "cross-origin"}
# For fragments, which search engines must not list without their page.
FRAGMENT = {"X-Robots-Tag": "noindex"}
# For public pages: stored by the browser only, and revalidated each time.
CHANGING = "private, no-cache"
ORIGIN = re.compile(r"null|https?://[0-9A-Za-z._:\[\]-]{1,255}")
logger = logging.getLogger(__name__)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FOREIGN = Message("This form came from another site, so nothing was stored. Open the wall itself and write there.")


def init_app(app: Quart) -> None:
    app.before_request(refuse_foreign_forms)
    app.after_request(add_headers)


def own_origin() -> str:
    """The public scheme, host and port."""
    return own_address().removesuffix(root())


def own_address() -> str:
    """The public base URL: our origin plus the sub-path, without a slash at the end."""
    return str(state().settings.base_url or request.host_url).rstrip("/")


def is_secure() -> bool:
    """Whether the public URL uses https."""
    return own_origin().startswith("https:")


async def refuse_foreign_forms() -> None:
    """CSRF protection: abort with 403 unless our own page sent the form.

    Browsers name the source in headers that no page can forge: `Sec-Fetch-Site` for https and localhost, `Origin`
    everywhere. This needs no cookie and no token, so it also works in a frame on another site. A request with neither
    header is refused. `walls/posting/fast_path.py` checks the same before Quart, more strictly.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if not (is_our_site(site) if site is not None else request.headers.get("Origin") == own_origin()):
        if site is None:
            _warn_foreign_origin()
        abort(403, FOREIGN)


def _warn_foreign_origin() -> None:
    """Once: a proxy that changes the host or the scheme makes every form look foreign."""
    origin = request.headers.get("Origin")
    if origin is None or "foreign form" in state().warned:
        return
    state().warned.add("foreign form")
    logged = origin if ORIGIN.fullmatch(origin) else "unreadable"
    advice = (
        f"If that is the address of this wall, set {PREFIX}BASE_URL to it, or let the proxy pass on the host and the "
        "scheme."
        if logged != "null"
        else "A policy that sends no referrer makes browsers send null: do not set one in the proxy."
    )
    logger.warning("A form came from another site: Origin %s, while this wall is %s. %s", logged, own_origin(), advice)


def is_our_site(site: str) -> bool:
    """Whether this value of `Sec-Fetch-Site` means one of our own pages."""
    return site == "same-origin"


def allow_framing(ancestors: str) -> None:
    """Let these sites show this response in a frame; `*` allows any page, also of a file or an app."""
    g.frame_ancestors = ancestors


def session_cookie(*, is_secure: bool, is_below_path: bool) -> str:
    """The name of the session cookie.

    Browsers accept a `__Host-` cookie only over https from the host itself, so no subdomain can set it. They also
    require it to be for the whole host, which is not ours alone below a sub-path.
    """
    if not is_secure:
        return "feedback"
    return "__Secure-feedback" if is_below_path else "__Host-feedback"


def keep_private() -> None:
    """Mark this response as personal: not cached, not framed, not shared with other windows (see PRIVATE)."""
    g.is_private = True


def keep_unlisted() -> None:
    """Mark this response as a fragment that search engines must not list."""
    g.is_unlisted = True


async def add_headers(response: Response) -> Response:
    """Add the security headers, the Content-Security-Policy and a default `Cache-Control`."""
    response.headers.update(headers(state().settings))
    if g.get("is_private"):
        response.headers.update(PRIVATE)
    if "frame_ancestors" in g:
        response.headers.update(FRAMED)
    if g.get("is_unlisted"):
        response.headers.update(FRAGMENT)
    # A policy on a 304 would replace the one of the page in the browser's cache.
    if response.mimetype == "text/html" and response.status_code != 304:
        response.headers["Content-Security-Policy"] = policy(
            g.get("frame_src", "'none'"), g.get("frame_ancestors", "'none'")
        )
    if response.status_code >= 400 or "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store" if response.status_code >= 400 else CHANGING
    return response


def headers(settings: Settings) -> dict[str, str]:
    """The headers of every response, as names and values; HSTS only when the wall has an https address."""
    if not settings.base_url.startswith("https:") or settings.hsts == "off":
        return HEADERS
    return {**HEADERS, "Strict-Transport-Security": settings.hsts}


def policy(frames: str = "'none'", ancestors: str = "'none'") -> str:
    """The Content-Security-Policy of a page: `frames` it may show, and `ancestors` that may frame it.

    For `*` there is no `frame-ancestors`: there the asterisk means http and https only (CSP 3, section 6.7.2.8).
    """
    framing = "" if ancestors == "*" else f"frame-ancestors {ancestors}; "
    return POLICY.format(frames=frames, framing=framing)
