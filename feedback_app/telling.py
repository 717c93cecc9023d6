"""Telling moderators, on the page that follows a plain form, what became of it."""

from quart import request
from sqlalchemy.ext.asyncio import AsyncSession

from .acting import UNCHANGED, Notice
from .models import Act, ActEntry, Wall


async def told(wall: Wall, session: AsyncSession) -> Notice | None:
    number = request.args.get("act", "")
    if number.isascii() and number.isdigit() and len(number) < 19:
        done = await session.scalar(Act.on(wall.id, int(number)))
        if done is None:
            return None
        return Notice.of(done, [feedback for _, feedback in await session.execute(ActEntry.of(done.id))])
    return Notice(UNCHANGED) if "unchanged" in request.args else None
