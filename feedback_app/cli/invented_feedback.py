"""Invented feedback for `demo`."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from secrets import token_hex

from ..clock import now
from ..config import ConfigurationError
from ..database import Database
from ..models import Submission, Wall
from ..walls.posting.store import store_posts

NAMES = (
    "Amira", "Bo Larsen", "Chidi Okafor", "Daniela", "Émile Roux", "Farah", "Grandma Inge", "Hiroshi Tanaka", "ليلى",
    "Jonas", "Katya", "Luis F.", "Mei-Ling", "Noor", "Олена", "Priya N.", "Quentin", "Row 14, seat 3", "山田 花子",
    "Tomás",
)  # fmt: skip
TEXTS = (
    "The part about undoing mistakes was worth the trip on its own.",
    "More examples, please! And a longer break.",
    "👏👏👏",
    "I had given up on this topic. Now I want to try it tonight.",
    "Could you share the slides?",
    "The microphone in the back row crackles a bit.",
    "Loved it.",
    "What happens when two people press the button at the same moment? You said it in passing, and it is the "
    "question I came with. A small drawing of who waits for whom would help a lot.",
    "شكرا جزيلا، كان عرضا رائعا",
    "とても分かりやすかったです。ありがとうございました。",
    "First time here, and I felt welcome.",
    "Question: does it work offline as well?",
    "I disagree with the third point,\nbut the discussion about it was the best part of the day.",
    "Coffee: 10/10. Chairs: 4/10.",
    "My students will see this on Monday.",
    "Дякую! Чекаю на продовження.",
    "Please keep the live coding, mistakes included 😄",
    "A glossary would have helped in the first half hour.",
)


async def post(slug: str, database: Database, *, every: float, count: int) -> AsyncIterator[tuple[str, str]]:
    """Post `count` entries (0: endlessly) about `every` seconds apart; gives each as (name, text).

    Raises ConfigurationError if there is no such wall.
    """
    async with database.reading() as session:
        wall = await session.scalar(Wall.named(slug))
        if wall is None:
            raise ConfigurationError(f"There is no wall {slug}. Make it with: feedback-app wall add {slug}")
    for number in itertools.count(1):
        name, text = random.choice(NAMES), random.choice(TEXTS)  # noqa: S311
        words = Submission.of(wall_id=wall.id, name=name, text=text, authors=["demo"], at=now(), given=token_hex())
        await database.write_together(store_posts, words)
        yield name, text
        if number == count:
            return
        await asyncio.sleep(every * random.uniform(0.5, 1.5))  # noqa: S311
