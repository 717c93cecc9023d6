"""How a database says that it answers a question, and whether it reads no more than it has to."""

import re

from sqlalchemy import Select, text
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.database import Database


async def plan_of(statement: Select[*tuple[object, ...]], session: AsyncSession) -> str:
    """One line for each step."""
    dialect = session.get_bind().dialect
    words = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace(":", r"\:")
    if dialect.name == "sqlite":
        return "\n".join(row[-1] for row in await session.execute(text(f"EXPLAIN QUERY PLAN {words}")))
    rows = (await session.execute(text(f"EXPLAIN {words}"))).mappings().all()
    if dialect.name == "postgresql":
        return "\n".join(row["QUERY PLAN"] for row in rows)
    return "\n".join(f"{row['table']} {row['type']} {row['key']} ({row['rows']} rows) {row['Extra']}" for row in rows)


async def gather_statistics(database: Database, table: str) -> None:
    """What the servers do by themselves after a while; SQLite plans without any."""
    if not database.is_sqlite:
        words = "ANALYZE" if database.url.get_backend_name() == "postgresql" else "ANALYZE TABLE"
        async with database.write_engine.connect() as connection:
            await connection.execute(text(f"{words} {table}"))
            await connection.commit()


async def prefer_indexes(session: AsyncSession) -> None:
    """Have PostgreSQL use an index wherever there is one that fits, although the table of a test is small."""
    if session.get_bind().dialect.name == "postgresql":
        for each in ("seqscan", "sort", "bitmapscan"):
            await session.execute(text(f"SET LOCAL enable_{each} = off"))


def index_in(plan: str, table: str, index: str) -> bool:
    """Whether the plan reads the table by this index, in its order, and sorts nothing."""
    sorts = re.search(r"TEMP B-TREE FOR ORDER BY|^[\s>-]*Sort +\(|filesort", plan, re.MULTILINE)
    reads_all = re.search(rf"SCAN {table}\b(?! USING)|Seq Scan on {table}\b|^{table} ALL ", plan, re.MULTILINE)
    return index in plan and not sorts and not reads_all
