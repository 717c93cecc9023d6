"""Taking a wall out of an installation, and bringing one in: loss-free, and all of it or nothing."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.config import ConfigurationError
from feedback_app.models import Feedback, Wall
from feedback_app.settings.transfer import load

from ..support import Reader, Served, post, run, serving, until, words
from ..support.moderators import browser_of

TEXTS = ("One", "Emoji 👨‍👩‍👧‍👦 🏴 العربية\n\nन", "=1+1", "-2", "'quoted", "Gone", "Held", "Hidden")


async def filled(data: Path) -> None:
    """A wall with one of everything."""
    async with serving(data=data, post_limit="") as wall:
        for each in TEXTS:
            await post(wall.client, "+Ann", each)

        async def work(session: AsyncSession) -> None:
            found = (await session.scalars(Wall.locked("main"))).one()
            entry = {each.text: each for each in await session.scalars(Feedback.on(found.id))}
            found.update_settings({"title": "Retro", "welcome": "Hello\nyou", "language": "de", "hold": "links"})
            found.pin(entry["One"])
            found.answer(entry["One"], text="Thank you", by="Kim")
            found.edit(entry["=1+1"], name="Bo", text="=1+1")
            found.hide(entry["Hidden"])
            found.remove(entry["Gone"])
            entry["Held"].state, entry["Held"].reason = "held", "links"

        await wall.database.write(work)


def exported(data: Path, slug: str = "main") -> Any:
    outcome = run(data, "export", slug)
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def without_numbers(document: Any) -> Any:
    """The authors are others, too, where another secret makes their names (test_round_trip.py)."""
    left_out = ("number", "author")
    return [{name: value for name, value in each.items() if name not in left_out} for each in document["feedback"]]


async def test_what_was_exported_comes_back_as_it_was(data: Path, tmp_path: Path) -> None:
    await filled(data)
    file = tmp_path / "main.json"
    outcome = run(data, "export", "main", "--output", str(file))
    assert outcome.stderr.strip() == "Exported 8 entries of the wall main."
    document = json.loads(file.read_text())
    states = {each["text"]: each["state"] for each in document["feedback"]}
    assert (states["One"], states["Held"], states["Hidden"], states["Gone"]) == ("public", "held", "hidden", "removed")
    assert document["feedback"][0]["answer"] == "Thank you"

    before = exported(data)
    rehearsed = run(data, "import", "copy", str(file), "--dry-run")
    new = "8 entries onto the wall copy, which is new, with new numbers, since theirs are in use here.\n"
    assert rehearsed.stdout == f"Would import {new}"
    assert "copy" not in run(data, "wall", "list").stdout
    assert run(data, "import", "copy", str(file)).stdout == f"Imported {new}"
    after = exported(data, "copy")
    assert without_numbers(after) == without_numbers(before)
    # A copy beside the wall is another wall, whose feeds have ids of their own.
    assert {**after["wall"], "slug": "main", "uid": ""} == {**before["wall"], "uid": ""}
    assert after["wall"]["uid"] != before["wall"]["uid"]

    again = run(data, "import", "copy", str(file))
    assert again.stdout == "Imported 0 entries onto the wall copy, 8 were there already.\n"
    elsewhere = tmp_path / "elsewhere"
    assert run(elsewhere, "import", "main", str(file)).returncode == 0
    assert without_numbers(exported(elsewhere)) == without_numbers(before)
    async with serving(data=data) as wall:
        feeds = [(await wall.client.get(f"/walls/{slug}/feed.json")).json() for slug in ("main", "copy")]
        shown, copied = ([each["content_text"] for each in feed["items"]] for feed in feeds)
        assert shown == copied
        assert len(shown) == 5


async def test_what_is_brought_in_while_serving_appears(wall: Served, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    file.write_text("name,text\nAnn,One\nBo,'=2+2\n")
    async with Reader(wall.port, "0") as reader:
        outcome = run(data, "import", "main", str(file))
        assert outcome.stdout == "Imported 2 entries onto the wall main.\n", outcome.stderr
        await until(lambda: reader.versions == [1, 2])
    assert await words(wall.client) == ["=2+2", "One"]


async def test_no_cell_of_a_spreadsheet_is_a_formula(data: Path, tmp_path: Path) -> None:
    """Requirement 54."""
    await filled(data)
    text = run(data, "export", "main", "--format", "csv").stdout
    assert text.startswith("\ufeff"), "Without it a spreadsheet program takes it for Windows-1252."
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["text"] for row in rows][2:5] == ["'=1+1", "'-2", "'quoted"]
    assert rows[0]["name"] == "'+Ann"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())
    file = tmp_path / "main.csv"
    file.write_text(text)
    assert run(data, "import", "copy", str(file)).returncode == 0
    before, after = exported(data)["feedback"], exported(data, "copy")["feedback"]
    for name in ("name", "text", "state", "reason", "answer", "created_at", "edited_at", "pinned_at"):
        assert [each[name] for each in after] == [each[name] for each in before], name


GOOD = {"format": "feedback-wall", "edition": 1, "wall": {}, "feedback": []}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "is cut off, or no text in UTF-16"),
        ("\ufeffname,text\nZo".encode("utf-32-le")[:-1], "is cut off, or no text in UTF-32"),
        (b"\0\0\xfe\xff\xff\xff\xff\xff", "is cut off, or no text in UTF-32"),
        ("name,text\nZo\xeb,A".encode("cp1252"), "probably in Windows-1252 (ANSI). Save it as CSV in UTF-8"),
        (b"text\nA", "must name the columns name and text; name cannot be found"),
        (b"Name;Words\nAnn;A", "text cannot be found"),
        (b"name,text,Text\nAnn,A,B", "names the column text twice"),
        (b"name,text\nAnn,A,B", "line 2 has more cells than the first line names columns"),
        (b'name,text\nAnn,"A', "line 2 cannot be read"),
        (b"", "no export of a wall"),
        (b"{", "cut off or no JSON"),
        (b'{"a": 1}', "no export of a wall"),
        (b"a,b\n1,2\n", "must name the columns name and text; name and text cannot be found"),
        (b"[" * 100_000, "no export of a wall"),
        (b'{"a":' * 100_000, "cut off or no JSON"),
        ({"edition": 2}, "newer version"),
        ({"feedback": [7]}, "entry 1: This is no entry."),
        ({"feedback": [{"text": "A"}, {"text": ""}]}, "entry 2: There is no text."),
        ({"feedback": [{"text": "A\ud800"}]}, "entry 1: This contains a character"),
        ({"feedback": [{"text": "A" * 2001}]}, "too long"),
        ({"feedback": [{"text": "A", "name": "B" * 81}]}, "too long"),
        ({"feedback": [{"text": "A", "name": 5}]}, "name is no text"),
        ({"feedback": [{"text": "A", "state": "loud"}]}, "no such state"),
        ({"feedback": [{"text": "A", "reason": "none"}]}, "no such reason"),
        ({"feedback": [{"text": "A", "created_at": "yesterday"}]}, "created_at is no time"),
        ({"feedback": [{"text": "A", "created_at": "0001-01-01T00:00:00+01:00"}]}, "created_at is no time"),
        ({"feedback": [{"text": "A", "created_at": "9999-12-31T23:59:59-01:00"}]}, "created_at is no time"),
        ({"feedback": [{"text": "A", "edited_at": "0001-01-01T00:00:00"}]}, "edited_at is in the year 1"),
        ({"feedback": [{"text": "A", "created_at": "9999-12-31T00:00:00Z"}]}, "created_at is in the year 9999"),
        ({"feedback": [{"text": "A", "created_at": 5}]}, "created_at is no time"),
        ({"wall": {"uid": "main"}}, "uid is not as it should be"),
        ({"wall": {"uid": 5}}, "uid is not as it should be"),
        ({"wall": {"former_addresses": ["a" * 61]}}, "former_addresses"),
        ({"feedback": [{"text": "A", "key": "k" * 65}]}, "key"),
        ({"feedback": [{"text": "A", "number": 0}]}, "Its number is not as it should be."),
        ({"feedback": [{"text": "A", "number": 2**60}]}, "Its number is not as it should be."),
        ({"feedback": [{"text": "A", "number": True}]}, "Its number is not as it should be."),
        ({"feedback": [{"text": "A", "number": 5}, {"text": "B", "number": 5}]}, "two entries have the same number"),
        ({"feedback": [{"text": "A", "author": 5}]}, "Its author"),
        ({"acts": [5]}, "act 1: This is no act."),
        ({"acts": [{"verb": "shout", "number": 1}]}, "act 1: There is no such verb."),
        ({"acts": [{"verb": "hide"}]}, "act 1: It is not as it should be."),
        ({"acts": [{"verb": "hide", "number": 1, "entries": [{"feedback": 1, "before": 5}]}]}, "before is not"),
        ({"acts": [{"verb": "hide", "number": 1, "entries": [{"feedback": 1, "before": {"id": 5}}]}]}, "id before"),
        (
            {"acts": [{"verb": "hide", "number": 1, "entries": [{"feedback": 1, "before": {"state": 5}}]}]},
            "state before",
        ),
        (
            {"acts": [{"verb": "hide", "number": 1, "entries": [{"feedback": 1, "before": {"state": []}}]}]},
            "state before",
        ),
        (
            {"acts": [{"verb": "block-author", "number": 1, "entries": [{"feedback": 1, "before": {}}]}]},
            "before is not",
        ),
        ({"blocked": [5]}, "blocked is not as it should be."),
        ({"wall": {"former_addresses": ["../x"]}}, "former_addresses"),
        ({"wall": {"title": "T" * 121}}, "title is not as it should be"),
        ({"wall": {"title": " "}}, "There is no title"),
        ({"wall": {"embedders": "https://a.example; script-src *"}}, "is more than one site"),
        ({"wall": {"embedders": "https://a.example\r\nX-Injected: 1"}}, "the wall:"),
        ({"wall": {"accent": "fff;}b"}}, "accent"),
        ({"wall": {"language": "xx"}}, "language is none of"),
        ({"wall": {"slow_seconds": -1}}, "slow_seconds"),
        ({"wall": {"slow_seconds": True}}, "slow_seconds"),
        ({"wall": {"archived_at": "once"}}, "archived_at is no time"),
        ({"wall": []}, "The wall"),
        ({"wall": {"hold": "some"}}, "hold is none of"),
        ({"wall": {"is_closed": "yes"}}, "is_closed is not as it should be"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(
    tmp_path: Path, content: bytes | dict[str, Any] | None, sentence: str
) -> None:
    file = tmp_path / "file"
    if isinstance(content, dict):
        file.write_text(json.dumps({**GOOD, **content}))
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(sentence)) as said:
        load.read(file)
    assert len(str(said.value).splitlines()) == 1


def test_a_bad_file_changes_nothing(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(json.dumps({**GOOD, "feedback": [{"text": "A"}, {"text": ""}]}))
    outcome = run(data, "import", "new", str(file))
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (1, 1), outcome.stderr
    assert "new" not in run(data, "wall", "list").stdout


def test_what_cannot_be_exported_says_so(data: Path, tmp_path: Path) -> None:
    assert "There is no wall none" in run(data, "export", "none").stderr
    nowhere = run(data, "export", "main", "--output", str(tmp_path / "none" / "file"))
    assert (nowhere.returncode, len(nowhere.stderr.splitlines())) == (1, 1), nowhere.stderr
    assert run(data, "export", "main", "--format", "xml").returncode == 2


async def test_owners_take_a_copy_from_the_settings(wall: Served) -> None:
    await post(wall.client, text="Words")
    async with await browser_of(wall, "Ann", main="owner") as owner:
        answer = await owner.get("/settings/walls/main/export.json")
        assert [each["text"] for each in answer.json()["feedback"]] == ["Words"]
        assert answer.headers["content-disposition"] == 'attachment; filename="main.json"'
        assert answer.headers["cache-control"] == "no-store"
        assert (await owner.get("/settings/walls/main/export.csv")).text.startswith('\ufeff"number","state",')
        assert "export.json" in (await owner.get("/settings/walls/main/delete")).text


async def test_no_more_than_three_stay_pinned(data: Path, tmp_path: Path) -> None:
    at = datetime.now(UTC).isoformat()
    file = tmp_path / "file"
    file.write_text(json.dumps({**GOOD, "feedback": [{"text": f"T{each}", "pinned_at": at} for each in range(5)]}))
    assert "2 are not pinned" in run(data, "import", "new", str(file)).stdout


AS_WRITTEN_ELSEWHERE = {
    "Excel in German": b'\xef\xbb\xbfName;Text\r\nZo\xc3\xab;"a; b"\r\n;;\r\n',
    "Excel's Unicode text": "\ufeffname\ttext\r\nZoë\ta; b\r\n".encode("utf-16-le"),
    "the other way round": "\ufeffname\ttext\r\nZoë\ta; b\r\n".encode("utf-16-be"),
    "without a mark": "name,text\nZoë,a; b\n".encode("utf-16-le"),
    "UTF-32": "\ufeffname,text\nZoë,a; b\n".encode("utf-32-le"),
    "UTF-32 the other way round": "\ufeffname,text\nZoë,a; b\n".encode("utf-32-be"),
    "UTF-32 without a mark": "name,text\nZoë,a; b\n".encode("utf-32-le"),
    "UTF-32 without a mark the other way round": "name,text\nZoë,a; b\n".encode("utf-32-be"),
    "a line that says the separator": b"sep=;\r\nTEXT ; NAME \r\na\\b;c\r\n".replace(b"a\\b;c", b'"a; b";Zo\xc3\xab'),
    "empty lines before it": b"\r\n\nsep=;\r\nname;text\r\nZo\xc3\xab;a; b\r\n".replace(b"a; b", b'"a; b"'),
    "a quoted one": b'"sep=|"\nname|text\nZo\xc3\xab|a; b\n',
    "bars": b"name|text\nZo\xc3\xab|a; b\n",
    "more columns, and a nameless one": b"id,name,text,\n7,Zo\xc3\xab,a; b,\n",
    "an old Mac": b"name,text\rZo\xc3\xab,a; b\r",
}


@pytest.mark.parametrize("content", AS_WRITTEN_ELSEWHERE.values(), ids=AS_WRITTEN_ELSEWHERE)
def test_the_csv_of_other_programs_is_read(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    assert [(row["name"], row["text"]) for row in load.read(file).rows] == [("Zoë", "a; b")]


def test_a_block_without_a_time_is_one_of_today(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(json.dumps({**GOOD, "blocked": [{"author": "a", "at": None}]}))
    assert load.read(file).blocked["a"].year >= 2026
