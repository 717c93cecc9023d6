"""Database copy from one kind of database to another, and its errors."""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import text

from feedback_app.models import Wall

from ..support import Served, items, post, run, serving
from ..support.databases import ENGINES, Folders, missing, url_of

WORDS = ("Emoji 👨‍👩‍👧‍👦 🏴", "العربية हिन्दी 中文 ქართული", "e\u0316" * 1500, "a\n\n b")


@pytest.fixture
def kinds(every_folders: dict[str, Folders], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Folders]:
    for engine in ENGINES:
        if engine not in every_folders and not missing(engine):
            every_folders[engine] = Folders(engine, tmp_path_factory.mktemp(engine))
    return every_folders


async def written(wall: Served) -> list[dict[str, object]]:
    for words in WORDS:
        assert (await post(wall.client, "Ann", words)).status_code == 201
    await wall.change(Wall.hide, 1)
    return await items(wall.client)


@pytest.mark.sqlite
async def test_everything_arrives_by_way_of_every_database_and_comes_back_the_same(
    kinds: dict[str, Folders], data: Path, tmp_path: Path
) -> None:
    for engine in ENGINES:
        assert (reason := missing(engine)) is None, reason
    async with serving(data=data, post_limit="") as wall:
        original = await written(wall)
    with ExitStack() as stack:
        route = [("sqlite", data)]
        for step, engine in enumerate(("postgresql", "mariadb", "sqlite")):
            place = stack.enter_context(kinds[engine].empty(tmp_path / f"step-{step}"))
            target = url_of(place) or f"sqlite:///{tmp_path}/there.sqlite3"
            source = route[-1][1]
            outcome = run(source, "copy", "--to", target, **database_of(source))
            assert outcome.returncode == 0, outcome.stderr
            assert f"{len(WORDS)} feedback" in outcome.stdout
            again = run(source, "copy", "--to", target, **database_of(source))
            assert (again.returncode, "something in it" in again.stderr) == (1, True)
            if not url_of(place):
                (place.with_name(place.name + ".url")).write_text(target)
            route.append((engine, place))
            async with serving(data=place, database_url=url_of(place), post_limit="") as wall:
                found = await items(wall.client)
                assert [_without_host(each) for each in found] == [_without_host(each) for each in original]
                if engine != "sqlite":
                    continue
                assert (await post(wall.client, text="Goes on")).status_code == 201
                async with wall.database.reading() as session:
                    rows = (await session.execute(text("SELECT id, version FROM feedback ORDER BY id"))).all()
                assert [tuple(row) for row in rows] == [(1, 5), (2, 2), (3, 3), (4, 4), (5, 6)]


def database_of(folder: Path) -> dict[str, str]:
    return {"FEEDBACK_DATABASE_URL": url} if (url := url_of(folder)) else {}


def _without_host(item: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in item.items() if name not in ("id", "url")}


@pytest.mark.sqlite
def test_what_only_a_newer_version_knows_is_not_left_out_in_silence(data: Path, tmp_path: Path) -> None:
    """One may go back a version and serve, but not lose what the newer one has stored."""
    with closing(sqlite3.connect(data / "feedback.sqlite3")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_since_0001'")
        connection.commit()
    assert run(data, "wall", "list").returncode == 0
    outcome = run(data, "copy", "--to", f"sqlite:///{tmp_path}/copy.sqlite3")
    assert (outcome.returncode, "newer version" in outcome.stderr) == (1, True)
    assert not (tmp_path / "copy.sqlite3").exists()


@pytest.mark.sqlite
def test_a_target_that_cannot_be_is_one_clear_line_and_nothing_is_left(data: Path, tmp_path: Path) -> None:
    own = f"sqlite:///{(data / 'feedback.sqlite3').absolute()}"
    for url, said in (
        (own, "configured database itself"),
        ("oracle://x/y", "not supported"),
        ("nonsense", "not the address"),
        ("postgresql://postgres@127.0.0.1:1/none", "nothing listens there"),
    ):
        outcome = run(data, "copy", "--to", url)
        assert (outcome.returncode, said in outcome.stderr) == (1, True), outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1
        assert "FEEDBACK_DATABASE_URL" not in outcome.stderr, "The setting is as it should be."
    assert list(tmp_path.glob("*.sqlite3")) == []


@pytest.mark.sqlite
@pytest.mark.parametrize("url", ["nonsense", "postgresql://postgres@127.0.0.1:1/none"])
def test_a_source_that_cannot_be_is_told_by_the_setting(data: Path, tmp_path: Path, url: str) -> None:
    outcome = run(data, "copy", "--to", f"sqlite:///{tmp_path}/copy.sqlite3", FEEDBACK_DATABASE_URL=url)
    assert outcome.returncode == 1
    assert len(outcome.stderr.splitlines()) == 1
    assert "FEEDBACK_DATABASE_URL" in outcome.stderr
    assert "--to" not in outcome.stderr
    assert list(tmp_path.glob("*.sqlite3")) == []
