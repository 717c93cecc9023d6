"""Static assets: style sheets and scripts, bundled and minified once, with a content hash in the URL, and brotli."""

import hashlib
import mimetypes
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import brotli
import rcssmin
from quart import Quart, Response, abort, request

from .. import PACKAGE
from .javascript import minified, module, script

# Bundled with ours: separate deferred scripts race, and htmx would start before its SSE extension has loaded.
VENDORED = ("vendor/htmx.min.js", "vendor/hx-sse.min.js")
LAYERS = "css/layers.css"
STYLES = (LAYERS, "css/base.css", "css/walls/*.css", "css/print.css", "css/reset.css", "css/tokens.css")
# For moderators' pages only; visitors download none of it.
STAFF_STYLES = (LAYERS, "css/accounts/*.css", "css/moderation/*.css", "css/settings/*.css", "css/staff.css")
# Files directly in `static/js` are served, each with the modules that it imports. These two come with htmx.
WITH_HTMX = ("wall.js", "desk.js")
SCRIPTS = ("staff.js", "frame.js", "embed.js")
# Loaded by `import()`: when a list is long, or when a visitor starts to write.
MODULES = ("lazy.js",)
# Each defines one custom element and declares nothing, so it is a classic script as well as a module.
ELEMENTS = ("receipts.js", "copy-lines.js", "colour-field.js")
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
    js = root / "js"
    vendored = "".join(f"{_without_source_map(root / name)};\n" for name in VENDORED)
    texts = {
        "wall.css": _styles(root, STYLES),
        "staff.css": _styles(root, STAFF_STYLES),
        **{name: vendored + script(js / name) for name in WITH_HTMX},
        **{name: script(js / name) for name in SCRIPTS},
        **{name: module(js / name) for name in MODULES},
        **{name: minified((js / name).read_text()) for name in ELEMENTS},
        ICON: (root / ICON).read_text(),
    }
    return Assets({name: _asset(name, text) for name, text in texts.items()})


def _without_source_map(path: Path) -> str:
    """A vendored file as it is, less the address of its source map."""
    return "\n".join(line for line in path.read_text().splitlines() if not line.startswith("//# sourceMappingURL"))


def _styles(root: Path, patterns: tuple[str, ...]) -> str:
    paths = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    return str(rcssmin.cssmin("\n".join(path.read_text() for path in paths)))


def _asset(name: str, text: str) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(text.encode(), f"{kind}; charset=utf-8")
