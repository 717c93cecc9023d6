"""Engines: the settings of each, what they store unchanged, and the message when one cannot be used."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from feedback_app.database import Database
from feedback_app.models import Feedback, Wall
from feedback_app.walls.versions import wall_versions_for

from ..support import Served, environment, items, post, run, words
from ..support.databases import server_url, url_of

LONG = {
    "2,000 thumbs": "👍🏽" * 2000,
    "flags of seven parts": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f" * 1142,
    "letters with marks": "q\u0316\u0317\u0301" * 2000,
}


@pytest.mark.parametrize("words_", LONG.values(), ids=LONG)
async def test_the_longest_words_come_back_unchanged(client: httpx.AsyncClient, words_: str) -> None:
    """MariaDB's TEXT has 65,535 bytes, and 8,000 code points of four bytes each fit."""
    assert (await post(client, "👩🏽" * 80, words_)).status_code == 201
    (item,) = await items(client)
    assert (item["authors"], item["content_text"]) == ([{"name": "👩🏽" * 80}], words_)


async def test_a_point_in_time_comes_back_to_the_microsecond(wall: Served) -> None:
    await post(wall.client)
    at = datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC)

    async def work(session: Any) -> None:
        await session.execute(update(Feedback).values(created_at=at))

    await wall.database.write(work)
    async with wall.database.reading() as session:
        assert (await session.scalars(Feedback.numbered(1, 1))).one().created_at == at


async def test_addresses_are_told_apart_to_the_letter(wall: Served) -> None:
    """MariaDB's default collation treats these as equal."""

    async def work(session: Any) -> None:
        session.add_all(Wall(slug=slug, title=slug) for slug in ("cafe", "café", "Cafe"))

    await wall.database.write(work)
    async with wall.database.reading() as session:
        assert (await session.scalars(Wall.named("cafe"))).one().title == "cafe"


async def test_who_reads_sees_one_moment_and_changes_nothing(wall: Served) -> None:
    await post(wall.client, text="Before")
    async with wall.database.reading() as session:
        assert (await session.scalars(Wall.named("main"))).one().version == 1
        await post(wall.client, text="Meanwhile")
        assert len((await session.scalars(Feedback.changed_on(1, after=0, limit=9))).all()) == 1
        with pytest.raises(DBAPIError):
            await session.execute(text("UPDATE walls SET title = 'Changed'"))
    assert await words(wall.client) == ["Meanwhile", "Before"]


SESSIONS = {
    "postgresql": {
        "statement_timeout": "5s",
        "lock_timeout": "4s",
        "idle_in_transaction_session_timeout": "2s",
        "transaction_isolation": "read committed",
        "timezone": "UTC",
    },
    "mariadb": {
        "max_statement_time": "5.0",
        "innodb_lock_wait_timeout": "5",
        "idle_transaction_timeout": "2",
        "tx_isolation": "READ-COMMITTED",
        "time_zone": "+00:00",
        "character_set_connection": "utf8mb4",
        "sql_mode": "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    },
}


@pytest.mark.postgresql
@pytest.mark.mariadb
async def test_a_server_session_has_its_safe_settings(wall: Served, engine: str) -> None:
    question = "SELECT current_setting('{}')" if engine == "postgresql" else "SELECT @@SESSION.{}"
    async with wall.database.write_engine.connect() as connection:
        for name, value in SESSIONS[engine].items():
            assert str(await connection.scalar(text(question.format(name)))) == value


@pytest.mark.postgresql
@pytest.mark.mariadb
async def test_a_statement_that_takes_too_long_is_ended(wall: Served, engine: str) -> None:
    question = "SELECT pg_sleep(30)" if engine == "postgresql" else "SELECT sleep(30) FROM walls"
    async with wall.database.reading() as session:
        with pytest.raises(DBAPIError):
            await session.execute(text(question))


@pytest.mark.postgresql
@pytest.mark.mariadb
async def test_a_server_that_stops_while_it_looks_at_a_wall_leaves_no_connection_behind(data: Path) -> None:
    """At whatever moment of the look that is."""
    for moment in range(25):
        database = Database(url_of(data))
        pool, wall_versions = database.read_engine.pool, wall_versions_for(database)
        assert await wall_versions.of("main")
        look = asyncio.create_task(wall_versions.of("other"))
        await asyncio.sleep(moment / 10_000)
        await wall_versions.close()
        await database.close()
        await asyncio.wait({look})
        assert isinstance(pool, QueuePool)
        assert pool.checkedin() == 0, moment


@pytest.mark.postgresql
@pytest.mark.parametrize("wanted", ["read-write", "primary", "any"])
async def test_a_server_that_must_take_writes_is_read_from_too(data: Path, wanted: str) -> None:
    """Our readers ask for sessions that write nothing, which must not count as a server that takes none."""
    database = Database(f"{url_of(data)}?target_session_attrs={wanted}")
    for engine in (database.write_engine, database.read_engine):
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM walls")) == 1
    await database.close()


def is_one_clear_line(outcome: subprocess.CompletedProcess[str], sentence: str) -> bool:
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("feedback-app: ")
    assert len(outcome.stderr.strip().splitlines()) == 1, outcome.stderr
    assert sentence in outcome.stderr
    return True


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "password": (lambda url: url.set(username="nobody", password="secret"), "does not let nobody in"),
    "database": (lambda url: url.set(database="feedback_none"), "has no database feedback_none"),
    "port": (lambda url: url.set(port=1), "takes no connection"),
    "host": (lambda url: url.set(host="nowhere.invalid"), "cannot be found"),
    "no database": (lambda url: url.set(database=""), "no database on it"),
}


@pytest.mark.parametrize("system", ["postgresql", "mariadb"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_server_that_cannot_be_used_is_one_clear_line(tmp_path: Path, system: str, wrong: str) -> None:
    change, sentence = WRONG[wrong]
    url = change(server_url(system).set(database="feedback_none")).render_as_string(hide_password=False)
    outcome = run(tmp_path / "data", "serve", "--port", "0", FEEDBACK_DATABASE_URL=url)
    assert is_one_clear_line(outcome, sentence)
    assert "secret" not in outcome.stderr


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer version"),
        ("DROP TABLE alembic_version", "belongs to something else"),
    ],
)
async def test_a_database_that_is_not_ours_as_it_should_be_is_left_alone(
    data: Path, statement: str, sentence: str
) -> None:
    database = Database(url_of(data) or f"sqlite:///{data / 'feedback.sqlite3'}")
    async with database.write_engine.begin() as connection:
        await connection.execute(text(statement))
    await database.close()
    assert is_one_clear_line(run(data, "wall", "list"), sentence)


@pytest.mark.parametrize(
    ("address", "driver", "extra"),
    [("postgresql://host/name", "asyncpg", "postgresql"), ("mariadb://host/name", "asyncmy", "mariadb")],
)
def test_a_driver_that_is_not_installed_is_named_with_its_cure(
    tmp_path: Path, address: str, driver: str, extra: str
) -> None:
    program = f"import sys; sys.modules['{driver}'] = None; from feedback_app.cli import main; main()"
    outcome = subprocess.run(
        [sys.executable, "-c", program, "wall", "list"],
        env=environment(tmp_path / "data", FEEDBACK_DATABASE_URL=address),
        capture_output=True,
        text=True,
        check=False,
    )
    assert is_one_clear_line(outcome, f"pip install '.[{extra}]'")
