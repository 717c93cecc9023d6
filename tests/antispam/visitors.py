"""Shared code of the tests of visitors: their keys, tokens and addresses."""

import secrets
from typing import Any

import httpx
from sqlalchemy import select

from feedback_app.models import Feedback

from ..support import HTMX, Served, post

FROM = {"trusted_proxies": 1}


def key() -> str:
    """As a page makes one."""
    return secrets.token_hex(16)


def at(address: str) -> dict[str, str]:
    return {**HTMX, "X-Forwarded-For": address}


async def known(client: httpx.AsyncClient, **more: Any) -> str:
    """The token of a visitor who has posted once."""
    return (await post(client, visitor=key(), **more)).headers["Visitor"]


async def reasons(wall: Served) -> list[str | None]:
    async with wall.database.reading() as session:
        return list(await session.scalars(select(Feedback.reason).order_by(Feedback.id)))
