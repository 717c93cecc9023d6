"""The QR code of a wall: an SVG that leads phones to its address."""

from functools import lru_cache
from io import BytesIO

from quart import Blueprint, Response

from ..web.assets import EVERYWHERE
from ..web.security import own_address
from ..web.state import database
from .location import Location
from .lookup import find_wall

views = Blueprint("qr_codes", __name__)

# Error correction for 15 % of the code: enough for a poster with a crease, and no denser than it needs to be.
ERROR_LEVEL = "m"
# The quiet zone that the standard asks for, in modules (ISO/IEC 18004, section 6.3.8).
QUIET_ZONE = 4
# A wall's address may change, and a code that is an hour old still leads there: former addresses redirect.
HOUR = "public, max-age=3600"


@views.get("/walls/<slug>/qr.svg")
async def show(slug: str) -> Response:
    async with database().reading() as session:
        wall = await find_wall(slug, session)
    code = qr_code(own_address() + Location(wall.slug).address())
    return Response(code, mimetype="image/svg+xml", headers={"Cache-Control": HOUR, **EVERYWHERE})


@lru_cache(maxsize=256)
def qr_code(address: str) -> bytes:
    """The SVG document. It is black on white in every theme, since many readers do not find an inverted code."""
    import segno  # Imported late: few servers are ever asked for a code.

    document = BytesIO()
    segno.make(address, error=ERROR_LEVEL, micro=False).save(
        document,
        kind="svg",
        border=QUIET_ZONE,
        light="#fff",
        omitsize=True,
        xmldecl=False,
        nl=False,
        svgclass=None,
        lineclass=None,
        title=address,
    )
    return document.getvalue()
