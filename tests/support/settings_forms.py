"""Shared code of settings tests: submit the form of a wall's settings, and read the audit log."""

import re
from typing import Any

import httpx
from sqlalchemy import select

from feedback_app.models import Act

from . import Served

FORM = {
    "title": "Feedback",
    "welcome": "",
    "language": "en",
    "names": "required",
    "hold": "none",
    "slow_seconds": "0",
    "theme": "auto",
    "accent": "",
    "embedding": "any",
    "origins": "",
    "arranged": "0",
}
HOME = "/settings/walls/main"


async def arranged(client: httpx.AsyncClient, slug: str = "main") -> str:
    page = (await client.get(f"/settings/walls/{slug}")).text
    found = re.search(r'name="arranged" value="(\d+)"', page)
    assert found is not None
    return found.group(1)


async def arrange(client: httpx.AsyncClient, slug: str = "main", **fields: str) -> httpx.Response:
    """Save the form with these fields changed; the others have the defaults."""
    form = {**FORM, "arranged": await arranged(client, slug), **fields}
    return await client.post(f"/settings/walls/{slug}", data=form)


async def acts(served: Served) -> list[tuple[str, str, dict[str, Any] | None]]:
    async with served.database.reading() as session:
        found = (await session.scalars(select(Act).order_by(Act.id))).all()
    return [(act.verb, act.moderator_name, act.before) for act in found]
