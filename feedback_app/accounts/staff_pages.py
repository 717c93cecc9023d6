"""Pages of moderators, with the header that they share: the moderator's walls, and the tabs of the current one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from quart import Response
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Membership, Moderator, Wall
from ..models.moderator import OWNER
from ..web.state import database
from ..web.templates import render
from . import sessions

# More walls than these are found on the page of all walls.
MOST_WALLS = 50


class ShellWall(NamedTuple):
    """A wall of the moderator, and their role on it."""

    slug: str
    title: str
    role: str


@dataclass(frozen=True)
class Shell:
    """The walls to switch to, and the slug of the current one, or empty. `has_more`: there are other walls, too."""

    walls: Sequence[ShellWall] = field(default_factory=list)
    current: str = ""
    has_more: bool = False

    @property
    def role(self) -> str:
        """The moderator's role on the current wall; empty without one."""
        return next((wall.role for wall in self.walls if wall.slug == self.current), "")

    @property
    def is_owner(self) -> bool:
        return self.role == OWNER

    @classmethod
    async def of(cls, moderator: Moderator, wall: Wall | None, session: AsyncSession) -> Self:
        """`wall` is the current one, and among `walls` in any case."""
        current = wall.id if wall else None
        found = (await session.execute(Membership.switcher(moderator.id, current, limit=MOST_WALLS + 1))).all()
        walls = [ShellWall(*row) for row in found[:MOST_WALLS]]
        walls.sort(key=lambda each: each.title.casefold())
        return cls(walls, wall.slug if wall else "", len(found) > MOST_WALLS)


async def staff_page(template: str, status: int = 200, **values: object) -> Response:
    """A rendered page for moderators, with `moderator` and `shell` among its values. `wall` is the current one."""
    moderator = await sessions.moderator()
    if "shell" not in values:
        values["shell"] = await shell_of(moderator, values.get("wall")) if _is_page(template) else None
    return Response(render(template, moderator=moderator, **values), status)


async def shell_of(moderator: Moderator | None, wall: object = None) -> Shell:
    """What the header shows; nothing without a login."""
    if moderator is None:
        return Shell()
    async with database().reading() as session:
        return await Shell.of(moderator, wall if isinstance(wall, Wall) else None, session)


def _is_page(template: str) -> bool:
    """A fragment has no header."""
    return not template.rpartition("/")[2].startswith("_")
