"""Query plans: how a database runs a statement, and how many rows it reads."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, text
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.database import Database
from feedback_app.database.engines import make_engine
from feedback_app.models import Feedback
from feedback_app.models.moderation_queue import ModerationQueue
from feedback_app.models.prepared import Prepared


def questions_about(wall_id: int, *, middle: int, latest: int, author: str) -> dict[str, tuple[Any, str]]:
    """Statements of a queue and its wall by name, each with the index that it must use.

    `middle` is an entry's id, `latest` a `desk_version` shortly before the wall's.
    """
    return {
        "waiting": (ModerationQueue.listed(wall_id, ["held"]), "ix_feedback_wall_id_state_id"),
        "older": (ModerationQueue.listed(wall_id, ["held"], before=middle), "ix_feedback_wall_id_state_id"),
        "author": (
            ModerationQueue.of_author(Feedback(wall_id=wall_id, author=author)),
            "ix_feedback_author_created_at",
        ),
        "changed": (ModerationQueue.changed_on(wall_id, after=latest, limit=9), "ix_feedback_wall_id_desk_version"),
        "floor": (ModerationQueue.floor(wall_id, "held"), "ix_feedback_wall_id_state_id"),
        "counts": (ModerationQueue.counts([wall_id]), "ix_feedback_wall_id_state_id"),
        "pinned": (Feedback.pinned_on(wall_id), "ix_feedback_wall_id_pinned_at"),
        "listed": (Feedback.published_on(wall_id), "ix_feedback_wall_id_state_id"),
    }


async def plan_of(asked: Select[*tuple[object, ...]] | Prepared, session: AsyncSession) -> str:
    """The plan, with a line per step."""
    statement = asked.statement.params(asked.values) if isinstance(asked, Prepared) else asked
    dialect = session.get_bind().dialect
    words = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace(":", r"\:")
    if dialect.name == "sqlite":
        return "\n".join(row[-1] for row in await session.execute(text(f"EXPLAIN QUERY PLAN {words}")))
    rows = (await session.execute(text(f"EXPLAIN {words}"))).mappings().all()
    if dialect.name == "postgresql":
        return "\n".join(row["QUERY PLAN"] for row in rows)
    return "\n".join(f"{row['table']} {row['type']} {row['key']} ({row['rows']} rows) {row['Extra']}" for row in rows)


async def gather_statistics(database: Database, table: str) -> None:
    """Run ANALYZE, as servers do after a while. SQLite plans without statistics.

    Also compacts the table on PostgreSQL: dead rows of earlier tests make an index look expensive.
    """
    if not database.is_sqlite:
        words = "VACUUM (FULL, ANALYZE)" if database.url.get_backend_name() == "postgresql" else "ANALYZE TABLE"
        # Takes longer on a full table than the timeout of our sessions.
        engine = make_engine(database.url, writes=True, patient=True)
        async with engine.connect() as connection:
            alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await alone.execute(text(f"{words} {table}"))
        await engine.dispose()


async def without_statistics(database: Database) -> None:
    """Remove the statistics, and prevent automatic ones, as after the first start."""
    words = {
        "sqlite": [],
        "postgresql": [
            "TRUNCATE feedback CASCADE",
            "DELETE FROM pg_statistic WHERE starelid = 'feedback'::regclass",
            "ALTER TABLE feedback SET (autovacuum_enabled = off)",
        ],
        "mysql": ["ANALYZE TABLE feedback", "ALTER TABLE feedback STATS_AUTO_RECALC = 0"],
    }[database.url.get_backend_name()]
    async with database.write_engine.begin() as connection:
        for each in words:
            await connection.execute(text(each))


async def reads(asked: Any, session: AsyncSession) -> int:
    """The number of rows that the database reads for the statement; on SQLite, of instructions."""
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        return await _instructions(asked, session)
    words = {
        "postgresql": "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables",
        "mysql": "SELECT sum(variable_value) FROM information_schema.session_status "
        "WHERE variable_name LIKE 'Handler\\_read\\_%'",
    }[dialect]
    before = await session.scalar(text(words))
    await _ask(asked, session)
    return int(await session.scalar(text(words)) - before)


async def _instructions(asked: Any, session: AsyncSession) -> int:
    raw: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 100

    await raw.set_progress_handler(count, 100)
    await _ask(asked, session)
    await raw.set_progress_handler(None, 0)
    return counted


async def _ask(asked: Any, session: AsyncSession) -> None:
    result = await session.execute(*asked) if isinstance(asked, Prepared) else await session.execute(asked)
    if getattr(result, "returns_rows", True):
        result.all()


async def prefer_indexes(session: AsyncSession) -> None:
    """Make PostgreSQL use an index wherever one fits, although a test's table is small."""
    if session.get_bind().dialect.name == "postgresql":
        for each in ("seqscan", "sort", "bitmapscan"):
            await session.execute(text(f"SET LOCAL enable_{each} = off"))


async def make_scans_dear(session: AsyncSession) -> None:
    """Make the servers scan a table only without another plan, although a test's table is small."""
    for engine, words in {
        "postgresql": "SET LOCAL enable_seqscan = off",
        "mysql": "SET SESSION max_seeks_for_key = 1",
    }.items():
        if session.get_bind().dialect.name == engine:
            await session.execute(text(words))


def index_in(plan: str, table: str, index: str) -> bool:
    """Whether the plan reads the table by this index, in its order, without a sort."""
    sorts = re.search(r"TEMP B-TREE FOR ORDER BY|^[\s>-]*Sort +\(|filesort", plan, re.MULTILINE)
    reads_all = re.search(rf"SCAN {table}\b(?! USING)|Seq Scan on {table}\b|^{table} ALL ", plan, re.MULTILINE)
    return index in plan and not sorts and not reads_all


def scans(plan: str, tables: Sequence[str]) -> list[str]:
    """The steps that scan one of these tables, an index of it, or all of a wall's rows."""
    lines = plan.splitlines()
    found = []
    for line, following in itertools.zip_longest(lines, lines[1:], fillvalue=""):
        for table in tables:
            is_all = re.search(rf"SCAN {table}\b|Seq Scan on {table}\b|^{table} (?:ALL|index) ", line)
            is_wall = re.search(rf"SEARCH {table} .*\((?:wall_id|removed_at)=\?\)", line) and table == "feedback"
            is_by_index = re.search(rf"Index (?:Only )?Scan .*on {table}\b|Bitmap Index Scan", line)
            if is_all or is_wall or (is_by_index and "Index Cond" not in following):
                found.append(line.strip())
    return found
