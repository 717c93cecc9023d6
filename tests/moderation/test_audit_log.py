"""The log: who did what, to read, to undo from, and as a file that harms no spreadsheet."""

import asyncio
import csv
import io
import re
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.models import Act
from feedback_app.moderation import audit_log_views as log_views
from feedback_app.text import csv_cells

from ..support import OURS, Served, post, run, words
from ..support.databases.query_plans import gather_statistics, index_in, plan_of, prefer_indexes
from ..support.moderators import ModeratorClient, make_wall, moderating, said


async def acts(desk: ModeratorClient, **query: Any) -> list[int]:
    page = (await desk.client.get("/walls/main/moderation/log", params=query)).text
    return [int(each) for each in re.findall(r'<li class="log__line" id="act-(\d+)"', page)]


async def command(wall: Served, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, while the server in this one goes on and takes its turns at writing."""
    return await asyncio.to_thread(run, wall.state.settings.data, *words)


async def test_the_log_says_who_did_what_to_which_and_when(wall: Served, kim: ModeratorClient) -> None:
    """Requirement 56."""
    await post(wall.client, text="One")
    await post(wall.client, text="Two")
    async with moderating(wall, "Robin") as robin:
        await kim.act("hide", 1, 2)
        await robin.act("remove", 2)
        await robin.act("pin", 2)
        page = (await robin.client.get("/walls/main/moderation/log")).text
        assert len(await acts(robin)) == 2
    assert re.search(r"<bdi>Kim</bdi></strong> hid 2 entries.*One.*Post 2, removed", page, re.DOTALL)
    assert re.search(r"<bdi>Robin</bdi></strong> removed an entry", page)
    assert len(re.findall(r'<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ">', page)) == 2
    assert ">Two<" not in page


async def test_the_log_is_filtered_by_who_and_what(wall: Served, kim: ModeratorClient) -> None:
    await post(wall.client, text="One")
    async with moderating(wall, "Robin & <Co>") as robin:
        await kim.act("hide", 1)
        await robin.act("publish", 1)
        await kim.act("pin", 1)
        assert await acts(kim) == [3, 2, 1]
        assert await acts(kim, by="Kim") == [3, 1]
        assert await acts(kim, by="Robin & <Co>") == [2]
        assert await acts(kim, verb="pin") == [3]
        assert await acts(kim, verb="pin", by="Robin & <Co>") == []
        assert await acts(kim, verb="nonsense") == [3, 2, 1]


async def test_earlier_acts_are_a_page_further(wall: Served, kim: ModeratorClient) -> None:
    await post(wall.client, text="One")
    for each in range(35):
        await kim.act("hide" if each % 2 == 0 else "publish", 1)
    first = await acts(kim)
    assert first + await acts(kim, before=first[-1]) == list(range(35, 0, -1))


async def test_an_act_is_undone_from_the_log_and_the_log_says_so(wall: Served, kim: ModeratorClient) -> None:
    await post(wall.client, text="One")
    await kim.act("remove", 1)
    log_page = f"http://127.0.0.1:{wall.port}/walls/main/moderation/log"
    answer = await kim.client.post(
        "/moderation/acts", data={"verb": "undo", "act": "1"}, headers={**OURS, "Referer": log_page}
    )
    assert answer.headers["location"] == "/walls/main/moderation/log?act=2"
    shown = await kim.client.get(answer.headers["location"])
    assert said(shown) == "Undone."
    assert "Undone by <bdi>Kim</bdi>" in shown.text
    assert 'name="verb" value="undo"' not in shown.text
    assert await words(wall.client) == ["One"]


async def test_the_log_outlives_the_moderator_and_no_address_changes_it(wall: Served, kim: ModeratorClient) -> None:
    """Requirement 56."""
    await post(wall.client, text="One")
    async with moderating(wall, "Robin") as robin:
        await robin.act("hide", 1)
        assert (await command(wall, "moderator", "remove", "Robin")).returncode == 0
    assert "<bdi>Robin</bdi>" in (await kim.client.get("/walls/main/moderation/log")).text
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for address in ("log", "log.csv"):
            answer = await kim.client.request(method, f"/walls/main/moderation/{address}", headers=OURS)
            assert answer.status_code == 405
    assert len(await acts(kim)) == 1


async def test_the_command_line_acts_in_the_log_too(wall: Served, kim: ModeratorClient) -> None:
    await post(wall.client, text="One")
    assert (await command(wall, "hide", "1")).returncode == 0
    assert "<bdi>the command line</bdi>" in (await kim.client.get("/walls/main/moderation/log")).text
    await kim.undo(1)
    assert await words(wall.client) == ["One"]


async def test_the_file_is_whole_however_long_it_is(
    wall: Served, kim: ModeratorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_views, "BATCH_ROWS", 4)
    for each in range(3):
        await post(wall.client, text=f"{each}")
    await kim.act("hide", 1, 2, 3)
    await kim.undo(1)
    for verb in ("hide", "publish") * 4:
        await kim.act(verb, 2)
    answer = await kim.client.get("/walls/main/moderation/log.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="log-of-main.csv"'
    assert answer.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert [int(row["act"]) for row in rows] == list(range(10, 0, -1))
    assert rows[-1] == {**rows[-1], "moderator": "Kim", "verb": "hide", "feedback": "1 2 3", "undone by": "Kim"}
    assert rows[-2] == {**rows[-2], "verb": "undo", "undoes": "1"}
    some = await kim.client.get("/walls/main/moderation/log.csv?verb=undo")
    assert some.text.count("\r\n") == 2


HOSTILE = [
    '=cmd|" /C calc"!A0',
    "+1",
    "-1",
    "@SUM(A1)",
    "\ttab",
    "\rreturn",
    "\0null",
    'a "quoted", thing',
    "two\nlines",
]


def test_no_cell_of_a_file_is_taken_for_a_formula() -> None:
    """Requirement 54."""
    written = "".join(csv_cells.line([each, 7, "plain"]) for each in HOSTILE)
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert [row[1:] for row in rows] == [["7", "plain"]] * len(HOSTILE)
    for cell, was in zip((row[0] for row in rows), HOSTILE, strict=True):
        assert cell == (f"'{was}" if was[0] in "=+-@\t\r\0" else was)
        assert csv_cells.plain(cell) == was
    assert written.endswith("\r\n")


SPLIT_ELSEWHERE = [";=1+1;x", "a\t=1", "a\n=1", 'a;"=1"', "a| =1", "a,\uff1d1", "a;-1", "a\n@x", "a;'=1", "';=1;'=2"]


@pytest.mark.parametrize("text", SPLIT_ELSEWHERE)
def test_no_part_of_a_cell_is_one_either(text: str) -> None:
    """For programs that split at semicolons, tabs or bars, and take the quotes of commas for letters."""
    written = csv_cells.line(["Ann", text, 7])
    assert written.startswith('"Ann","')
    for part in re.split(r"[,;|\t\r\n]", written):
        assert re.match(r"[\"' ]*'[\"' ]*[=+\-@\uff1d]|[\"' ]*(?![\"' =+\-@\uff1d])", part), part
    assert csv_cells.plain(next(csv.reader(io.StringIO(written, newline="")))[1]) == text


@given(st.text(st.sampled_from("=+-@;,|\t\n\r\"' ax\uff1d\0"), max_size=30))
def test_every_cell_comes_back_as_it_was(text: str) -> None:
    (cell,) = next(csv.reader(io.StringIO(csv_cells.line([text]), newline="")))
    assert csv_cells.plain(cell) == text


async def test_a_moderator_whose_name_is_a_formula_harms_no_spreadsheet(wall: Served) -> None:
    """Requirement 54."""
    await post(wall.client, text="One")
    async with moderating(wall, "=HYPERLINK(1)") as desk:
        await desk.act("hide", 1)
        answer = await desk.client.get("/walls/main/moderation/log.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert rows[0]["moderator"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize(
    ("query", "index"),
    [({}, "wall_id_id"), ({"by": "Kim"}, "wall_id_moderator_name_id"), ({"verb": "hide"}, "wall_id_verb_id")],
)
async def test_every_page_of_the_log_is_read_from_an_index(wall: Served, query: dict[str, str], index: str) -> None:
    await make_wall(wall, "other")

    async def work(session: Any) -> None:
        verbs = ("hide", "publish", "pin", "unpin", "answer")
        session.add_all(
            Act(wall_id=1 + (each % 6 > 0), verb=verbs[each % 5], moderator_name=f"Kim{each % 9}")
            for each in range(1200)
        )

    await wall.database.write(work)
    await gather_statistics(wall.database, "acts")
    async with wall.database.reading() as session:
        await prefer_indexes(session)
        plan = await plan_of(Act.log_of(1, **query, before=1000, size=30), session)
    assert index_in(plan, "acts", f"ix_acts_{index}"), plan
