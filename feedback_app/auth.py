"""Who is asking, and what they may do here: the session of this request, and the walls it opens."""

from quart import abort, g, request
from sqlalchemy.ext.asyncio import AsyncSession

from .database import database
from .finding import NO_WALL
from .models import Login, Membership, Moderator, Wall
from .clock import now
from .models.moderator import MODERATOR
from .security import keep_private, own_origin


class LoggedOut(Exception):
    """Whoever asks has to log in first; they get the login page (views/sessions.py)."""


async def moderator() -> Moderator | None:
    """Whose session this request belongs to. Asks the database once a request, so that what ended there ends here."""
    found = await _found()
    return found[0] if found else None


async def login() -> Login | None:
    """The session itself."""
    found = await _found()
    return found[1] if found else None


async def require_moderator() -> Moderator:
    """The moderator who asks; anybody else is led to the login page, and what they sent along is kept there."""
    found = await moderator()
    if found is None:
        raise LoggedOut
    return found


async def require_wall(slug: str, session: AsyncSession, role: str = MODERATOR) -> Wall:
    """The wall, for somebody with at least this role there; to any other moderator it is the same as no wall."""
    found = await require_moderator()
    return await session.scalar(Membership.wall(slug, found.id, role)) or abort(404, NO_WALL)


async def _found() -> tuple[Moderator, Login] | None:
    keep_private()
    if "login" not in g:
        g.login = await _look_up(request.cookies.get(cookie_name(), ""))
    return g.login  # type: ignore[no-any-return]


async def _look_up(token: str) -> tuple[Moderator, Login] | None:
    if not token:
        return None
    async with database().reading() as session:
        row = (await session.execute(Login.open_with(token, now()))).first()
    return (row[0], row[1]) if row else None


def is_secure() -> bool:
    return own_origin().startswith("https:")


def cookie_name() -> str:
    """A browser takes `__Host-` only from the host itself over https, so that nothing beside us can put one there."""
    return "__Host-feedback" if is_secure() else "feedback"
