"""Static assets: style sheets and scripts, bundled and minified once, with a content hash in the URL, and brotli."""

import hashlib
import mimetypes
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import brotli
import rcssmin
import rjsmin
from quart import Quart, Response, abort, request

from .. import PACKAGE

# One bundle: separate deferred scripts race, and htmx would start before its SSE extension has loaded.
SCRIPTS = ("vendor/htmx.min.js", "vendor/hx-sse.min.js", "js/line.js", "js/wall.js", "js/elements/*.js")
LAYERS = "css/layers.css"
STYLES = (LAYERS, "css/base.css", "css/walls/*.css", "css/print.css", "css/reset.css", "css/tokens.css")
# For moderators' pages only; visitors download none of it.
STAFF_STYLES = (LAYERS, "css/accounts/*.css", "css/moderation/*.css", "css/settings/*.css", "css/staff.css")
QUEUE_SCRIPTS = (*SCRIPTS, "js/staff/*.js")
# A module that the wall's script loads lazily: when a list is long, or when a visitor starts to write.
LAZY_SCRIPTS = ("js/later/*.js",)
LOADER = "js/embed.js"
FRAME = "js/frame.js"
COPY = "js/copy-lines.js"
# For pages that show their author a held entry; it may load after htmx.
RECEIPTS = "js/receipts.js"
COLOUR = "js/colour-field.js"
STAFF_FORMS = "js/staff-forms.js"
ICON = "icon.svg"
# A sandboxed, cross-origin isolated frame loads only what carries this header.
EVERYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}
LONGEST_ACCEPT = 256
FOREVER = "public, max-age=31536000, immutable"


def folder(name: str) -> Path:
    """The path of `templates` or `static`: inside an installed package, beside it in a checkout."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


@dataclass(frozen=True)
class Asset:
    """One file to serve. `digest` is the 12 hexadecimal digits in its URL."""

    content: bytes
    type: str

    @cached_property
    def compressed(self) -> bytes:
        return bytes(brotli.compress(self.content, quality=11))

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:12]

    def answer(self, caching: str) -> Response:
        """The file with this `Cache-Control`, compressed when the client accepts brotli."""
        headers = {"Cache-Control": caching, "Vary": "Accept-Encoding", "Content-Type": self.type, **EVERYWHERE}
        if takes_brotli():
            return Response(self.compressed, headers={**headers, "Content-Encoding": "br"})
        return Response(self.content, headers=headers)


@dataclass(frozen=True)
class Assets:
    """All assets by name, such as `wall.css`, `wall.js` and `icon.svg`.

    `url(name)` raises KeyError for a name that is not among them.
    """

    by_name: dict[str, Asset] = field(default_factory=dict)

    def url(self, name: str) -> str:
        stem, suffix = name.rsplit(".", 1)
        return f"/static/{stem}.{self.by_name[name].digest}.{suffix}"

    @cached_property
    def by_url(self) -> dict[str, Asset]:
        return {self.url(name): asset for name, asset in self.by_name.items()}

    @cached_property
    def digest(self) -> str:
        """A hash over all assets, part of the ETag of the pages that link to them."""
        return hashlib.sha256("".join(asset.digest for asset in self.by_name.values()).encode()).hexdigest()[:8]


def takes_brotli() -> bool:
    """Whether the request accepts brotli; no for a header longer than any browser sends, which is slow to parse."""
    header = request.headers.get("Accept-Encoding", "")
    return len(header) <= LONGEST_ACCEPT and request.accept_encodings.quality("br") > 0


def init_app(app: Quart) -> None:
    @app.get("/static/<name>")
    async def static(name: str) -> Response:
        asset = assets().by_url.get(f"/static/{name}") or abort(404)
        return asset.answer(FOREVER)

    @app.get("/embed.js")
    async def loader() -> Response:
        # Other sites link to it without a digest, so it is cached for an hour only.
        answer = assets().by_name["embed.js"].answer("public, max-age=3600")
        # CORS: needed by `import()`, `type="module"` and `integrity`.
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer


@cache
def assets() -> Assets:
    """All assets, built once per process."""
    root = folder("static")
    return Assets(
        {
            "wall.css": _asset("wall.css", rcssmin.cssmin(_join(root, STYLES))),
            "staff.css": _asset("staff.css", rcssmin.cssmin(_join(root, STAFF_STYLES))),
            "wall.js": _asset("wall.js", _scripts(root, SCRIPTS)),
            "desk.js": _asset("desk.js", _scripts(root, QUEUE_SCRIPTS)),
            "receipts.js": _asset("receipts.js", rjsmin.jsmin((root / RECEIPTS).read_text())),
            "later.js": _asset("later.js", _scripts(root, LAZY_SCRIPTS)),
            "copy-lines.js": _asset("copy-lines.js", rjsmin.jsmin((root / COPY).read_text())),
            "staff.js": _asset("staff.js", rjsmin.jsmin((root / STAFF_FORMS).read_text())),
            "colour-field.js": _asset("colour-field.js", rjsmin.jsmin((root / COLOUR).read_text())),
            "embed.js": _asset("embed.js", rjsmin.jsmin((root / LOADER).read_text())),
            "frame.js": _asset("frame.js", rjsmin.jsmin((root / FRAME).read_text())),
            "icon.svg": _asset("icon.svg", (root / ICON).read_text()),
        }
    )


def _scripts(root: Path, patterns: tuple[str, ...]) -> str:
    """Vendored files unchanged but for their source map URL; ours minified."""
    return ";\n".join(
        "\n".join(line for line in text.splitlines() if not line.startswith("//# sourceMappingURL"))
        if path.parent.name == "vendor"
        else rjsmin.jsmin(text)
        for path, text in _files(root, patterns).items()
    )


def _join(root: Path, patterns: tuple[str, ...]) -> str:
    return "\n".join(_files(root, patterns).values())


def _files(root: Path, patterns: tuple[str, ...]) -> dict[Path, str]:
    paths = dict.fromkeys(path for pattern in patterns for path in sorted(root.glob(pattern)))
    return {path: path.read_text() for path in paths}


def _asset(name: str, text: str) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(text.encode(), f"{kind}; charset=utf-8")
