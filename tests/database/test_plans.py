"""Query plans: no query scans a whole wall."""

import re
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.database import Database
from feedback_app.models import Act, ActEntry, Block, LoginAttempt, LoginSession, Moderator

from ..support import Served, add_wall
from ..support.databases.bulk_data import fill
from ..support.databases.query_plans import gather_statistics, make_scans_dear, plan_of, scans
from ..support.databases.statements import questions

ENTRIES, ELSEWHERE = 400, 8000
# Blocks and logins are few, since none of them lasts for long, and are looked through once an hour.
SHORT = {"purge: blocks", "purge: logins"}
TABLES = ("feedback", "acts", "act_entries", "blocks", "logins", "attempts")


async def fill_tables(database: Database) -> None:
    """As much of everything that grows as makes an index worth its while."""
    await add_wall(database, "other")
    await fill(database, ENTRIES)
    await fill(database, ELSEWHERE, slug="other")

    async def work(session: AsyncSession) -> None:
        session.add(Moderator.new("Kim", "no password fits this"))
        await session.flush()
        rows: dict[type[Any], list[dict[str, Any]]] = {
            Act: [
                {"wall_id": 1 + (n % 6 > 0), "verb": ("hide", "pin", "publish")[n % 3], "moderator_name": f"Kim{n % 9}"}
                for n in range(1000)
            ],
            ActEntry: [{"act_id": n, "feedback_id": n, "before": {}} for n in range(1, 401)],
            Block: [{"wall_id": 1, "author": f"author {n}"} for n in range(1000)],
            LoginSession: [{"moderator_id": 1, "token": f"{n:064}"} for n in range(1000)],
            LoginAttempt: [{"subject": f"{n % 100:064}"} for n in range(1000)],
        }
        for kind, each in rows.items():
            await session.execute(insert(kind), each)

    await database.write(work)
    for table in TABLES:
        await gather_statistics(database, table)


async def test_no_question_reads_a_whole_table(wall: Served) -> None:
    await fill_tables(wall.database)
    faults = {}
    async with AsyncSession(wall.database.write_engine) as session:
        await make_scans_dear(session)
        for name, statement in questions(ENTRIES).items():
            plan = await plan_of(statement, session)
            if name not in SHORT and (found := scans(plan, TABLES)):
                faults[name] = f"{found}\n{plan}"
    assert not faults, "\n\n".join(f"{name}: {fault}" for name, fault in faults.items())


@pytest.mark.mariadb
async def test_mariadb_reads_a_page_from_its_cursor_and_not_from_the_newest_entry(wall: Served) -> None:
    await fill_tables(wall.database)
    async with wall.database.reading() as session:
        for name in ("slice in the middle", "slice at the end", "desk, older"):
            plan = await plan_of(questions(ENTRIES)[name], session)
            assert plan.startswith("feedback range ix_feedback_wall_id_state_id"), plan


@pytest.mark.every_engine
async def test_a_quiet_wall_is_read_without_what_was_written_on_others_since(wall: Served) -> None:
    """Half of all entries are its own, none of the newest: left to itself PostgreSQL looks for them from the end."""
    await add_wall(wall.database, "other")
    await fill(wall.database, 20_000)
    await fill(wall.database, 20_000, slug="other")
    await gather_statistics(wall.database, "feedback")
    names = ("first page", "slice in the middle", "desk", "desk, all", "desk, all, older", "desk, where a search ends")
    asked = questions(20_000)
    for name in names:
        # Each in a transaction of its own, since PostgreSQL ends one in which nothing is asked for two seconds.
        async with wall.database.reading() as session:
            plan = await plan_of(asked[name], session)
            assert "ix_feedback_wall_id_state_id" in plan, f"{name}: {plan}"
            assert not re.search(r"pk_feedback .*\n( +Index Cond.*\n)? +Filter", plan), f"{name}: {plan}"
            assert not scans(plan, ["feedback"]), f"{name}: {plan}"


@pytest.mark.parametrize(
    ("plan", "is_a_scan"),
    [
        ("SCAN feedback", True),
        ("SCAN feedback USING INDEX ix_feedback_removed_at", True),
        ("SEARCH feedback USING INDEX ix_feedback_removed_at (removed_at<?)", False),
        ("SEARCH feedback USING INDEX ix_feedback_wall_id_pinned_at (wall_id=?)", True),
        ("SEARCH feedback USING INDEX ix_feedback_wall_id_pinned_at (wall_id=? AND pinned_at>?)", False),
        ("Seq Scan on feedback  (cost=0.00..1)", True),
        ("Index Scan using ix on feedback  (cost=0)\n  Index Cond: (wall_id = 1)", False),
        ("Index Scan using pk on feedback  (cost=0)\n  Filter: (wall_id = 1)", True),
        ("feedback ALL None (3000 rows) Using where", True),
        ("feedback index PRIMARY (3000 rows) Using where", True),
        ("feedback range ix_feedback_removed_at (3 rows) Using where", False),
    ],
)
def test_a_scan_is_told_from_a_search(plan: str, is_a_scan: bool) -> None:
    assert bool(scans(plan, ("feedback",))) == is_a_scan
