"""Pages of the audit log, and the log as a CSV file."""

from collections.abc import AsyncIterator, Sequence

from quart import Blueprint, Response, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts.sessions import require_moderator, require_wall
from ..database import Database
from ..models import Act, ActEntry, Wall
from ..text import csv_cells
from ..web.state import database
from ..web.templates import iso, render
from .audit_log_messages import KINDS
from .audit_log_queries import LogView, lines
from .views import notice_of_request

views = Blueprint("log", __name__)

BATCH_ROWS = 500
HEADER = ("act", "at", "moderator", "verb", "feedback", "undoes", "undone by")


@views.get("/walls/<slug>/moderation/log")
async def show(slug: str) -> Response:
    moderator, view = await require_moderator(), LogView.of(slug, request.args)
    async with database().reading() as session:
        wall = await require_wall(slug, session)
        read, earlier = await lines(view, wall, session)
        names = (await session.scalars(Act.moderators_of(wall.id))).all()
        notice = await notice_of_request(wall, session)
    return Response(
        render(
            "moderation/audit_log.html",
            moderator=moderator,
            wall=wall,
            view=view,
            lines=read,
            earlier=earlier,
            names=names,
            kinds=KINDS,
            notice=notice,
        )
    )


@views.get("/walls/<slug>/moderation/log.csv")
async def file(slug: str) -> Response:
    """The filtered log as CSV, read in batches while it is sent."""
    view = LogView.of(slug, request.args)
    async with database().reading() as session:
        wall = await require_wall(slug, session)

    answer = Response(_csv(view, wall, database()), content_type=csv_cells.TYPE)
    answer.timeout = None
    answer.headers["Content-Disposition"] = f'attachment; filename="log-of-{wall.slug}.csv"'
    return answer


async def _csv(view: LogView, wall: Wall, source: Database) -> AsyncIterator[bytes]:
    yield (csv_cells.BEGINNING + csv_cells.line(HEADER)).encode()
    before = view.before
    while True:
        async with source.reading() as session:
            rows, before = await _batch(view, wall, before, session)
        yield "".join(csv_cells.line(row) for row in rows).encode()
        if before is None:
            return


async def _batch(
    view: LogView, wall: Wall, before: int | None, session: AsyncSession
) -> tuple[list[Sequence[object]], int | None]:
    """The next rows, and the act id where the next batch starts, or None."""
    statement = Act.log_of(wall.id, by=view.by, verb=view.verb, before=before, size=BATCH_ROWS)
    found = (await session.execute(statement)).all()
    about: dict[int, list[str]] = {}
    for act_id, number in await session.execute(ActEntry.numbers_of([act.id for act, _ in found[:BATCH_ROWS]])):
        about.setdefault(act_id, []).append(str(number))
    rows: list[Sequence[object]] = [
        (act.id, iso(act.at), act.moderator_name, act.verb, " ".join(about.get(act.id, [])), act.undoes or "", by or "")
        for act, by in found[:BATCH_ROWS]
    ]
    return rows, found[BATCH_ROWS - 1][0].id if len(found) > BATCH_ROWS else None
