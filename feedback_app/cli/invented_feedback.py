"""Invented feedback for `demo`: a day that has passed, and posts from now on."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from secrets import token_hex

from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..config import ConfigurationError
from ..database import Database
from ..models import Feedback, Submission, Wall
from ..models.base import Hold
from ..walls.posting.store import store_posts
from .invented_day import DAY, TEAM

NAMES = (
    "Amira", "Bo Larsen", "Chidi Okafor", "Daniela", "Émile Roux", "Farah", "Grandma Inge", "Hiroshi Tanaka", "ليلى",
    "Jonas", "Katya", "Luis F.", "Mei-Ling", "Noor", "Олена", "Priya N.", "Quentin", "Row 14, seat 3", "山田 花子",
    "Tomás",
)  # fmt: skip
TEXTS = (
    "That was worth the trip on its own.",
    "More examples, please! And a longer break.",
    "👏👏👏",
    "I had given up on this topic. Now I want to try it tonight.",
    "Could you share the slides?",
    "Can somebody open a window in hall A?",
    "Loved it.",
    "You said in passing that nothing is ever lost, only hard to find. That was the answer to the question I came "
    "with. A small drawing of who waits for whom would help a lot.",
    "شكرا جزيلا، كان عرضا رائعا",
    "とても楽しかったです。また来ます。",
    "First time here, and I felt welcome.",
    "Is there a mailing list for the next one?",
    "I've tried `make run` on my own laptop. It works!",
    "Tea: 9/10. Biscuits: gone.",
    "Is the workshop in room 3 full already?",
    "Чудово, дякую!",
    "Please keep the live coding, mistakes included 😄",
    "A glossary would have helped in the first half hour.",
)


async def fill(slug: str, database: Database) -> int:
    """Write the invented day on an empty wall; gives the number of posts, 0 where the wall has some already.

    Raises ConfigurationError if there is no such wall, or if it takes no posts.
    """

    async def work(session: AsyncSession) -> int:
        wall = _open(await session.scalar(Wall.locked(slug)), slug)
        if (await session.scalars(Feedback.on(wall.id).limit(1))).first() is not None:
            return 0
        return _write_day(wall, session)

    return await database.write(work)


async def post(slug: str, database: Database, *, every: float, count: int) -> AsyncIterator[tuple[str, str]]:
    """Post `count` entries (0: endlessly) about `every` seconds apart; gives each as (name, text).

    Raises ConfigurationError if there is no such wall, or if it takes no posts.
    """
    async with database.reading() as session:
        wall = _open(await session.scalar(Wall.named(slug)), slug)
    for number in itertools.count(1):
        name, text = random.choice(NAMES), random.choice(TEXTS)  # noqa: S311
        words = Submission.of(wall_id=wall.id, name=name, text=text, authors=["demo"], at=now(), given=token_hex())
        await database.write_together(store_posts, words)
        yield name, text
        if number == count:
            return
        await asyncio.sleep(every * random.uniform(0.5, 1.5))  # noqa: S311


def _open(wall: Wall | None, slug: str) -> Wall:
    """Raises ConfigurationError for a wall that is missing, closed or archived."""
    if wall is None:
        raise ConfigurationError(f"There is no wall {slug}. Make it with: feedback-app wall add {slug}")
    if not wall.is_open:
        raise ConfigurationError(f"The wall {slug} is closed to new posts. Open it in its settings first.")
    return wall


def _write_day(wall: Wall, session: AsyncSession) -> int:
    """In the order in which they would have been written, so that ids and times agree."""
    at, written = now(), 0
    for each in DAY:
        waits = each.waits and wall.hold != Hold.NONE
        if each.waits and not waits and "!!!" in each.text:
            continue  # Advertising is there to be rejected, and would stand on a wall without review for good.
        feedback = wall.receive(
            name=each.name,
            text=each.text,
            author=f"demo {DAY.index(each)}",
            reason=wall.hold if waits else None,
        )
        feedback.created_at = at - timedelta(minutes=each.minutes)
        if each.reply and not waits:
            wall.answer(feedback, text=each.reply, by=TEAM)
            feedback.answered_at = feedback.created_at + timedelta(minutes=each.after)
        if each.is_pinned and not waits:
            wall.pin(feedback)
            feedback.pinned_at = feedback.created_at + timedelta(minutes=each.after)
        session.add(feedback)
        written += 1
    return written
