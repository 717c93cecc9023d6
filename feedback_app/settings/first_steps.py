"""The first steps of an owner: what a new wall still lacks, until somebody else has posted."""

from dataclasses import dataclass

from ..models import Feedback, Wall
from ..walls.location import Location
from ..web.security import own_address
from ..web.state import database

# Among these an author other than the first one shows that the wall has visitors.
EARLIEST = 20


@dataclass(frozen=True)
class FirstSteps:
    """`address` is the wall's, in full. `is_named`: its settings were saved once. `is_tried`: it has a post."""

    address: str
    is_named: bool
    is_tried: bool


async def first_steps(wall: Wall) -> FirstSteps | None:
    """None once two people have posted, or one of them often."""
    async with database().reading() as session:
        earliest = (await session.scalars(Feedback.after_on(wall.id, 0, EARLIEST))).all()
    if len(earliest) == EARLIEST or len({each.author for each in earliest}) > 1:
        return None
    return FirstSteps(own_address() + Location(wall.slug).address(), wall.arranged > 0, bool(earliest))
