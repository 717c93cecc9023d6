"""A wall that goes from one installation to another: what comes along beside the words, and what cannot."""

import json
from pathlib import Path
from typing import Any

import pytest

from ..support import OURS, Browser, Served, add_wall, employ, post, run, serving, stamp, words
from ..support.moderators import act_of, moderating, said

pytestmark = pytest.mark.engines

SENTENCE = "cannot be recognised here"


def export(data: Path, file: Path, slug: str = "main") -> dict[str, Any]:
    assert run(data, "export", slug, "--output", str(file)).returncode == 0
    return dict(json.loads(file.read_text()))


VISITOR = "0123456789abcdef" * 2


async def moderated(wall: Served) -> None:
    """Four entries with acts, on a wall with changed settings and a former address."""
    owner = await employ(wall.database, "Olga", main="owner")
    for each in ("One", "Two", "Three", "Four"):
        assert (await post(wall.client, text=each, visitor=VISITOR)).status_code == 201
    async with moderating(wall, "Kim") as kim:
        await kim.act("hide", 1, 2)
        await kim.act("answer", 3, text="Thank you")
        await kim.undo(act_of(await kim.act("pin", 3)))
        await kim.act("remove", 4)
        await kim.act("block-author", 3)
    async with await Browser.of(wall, owner) as browser:
        form = {"title": "Retro", "language": "de", "hold": "links", "names": "optional", "slow_seconds": "60"}
        more = {"theme": "dark", "accent": "", "embedding": "none", "arranged": "0", "welcome": ""}
        assert (await browser.post("/settings/walls/main", data={**form, **more})).status_code == 303
        assert (await browser.post("/settings/walls/main/address", data={"slug": "retro"})).status_code == 303


async def test_all_of_a_wall_comes_along_to_another_installation(
    wall: Served, data: Path, empty: Path, tmp_path: Path
) -> None:
    await moderated(wall)
    before = export(data, tmp_path / "before.json", "retro")
    assert len(before["acts"]) == 8

    # The other one has the wall of its first start, on which nothing ever happened.
    assert run(empty, "migrate").returncode == 0
    outcome = run(empty, "import", "main", str(tmp_path / "before.json"))
    assert outcome.stdout == "Imported 4 entries onto the wall main, with 8 acts of its log.\n", outcome.stderr
    after = export(empty, tmp_path / "after.json")
    assert after["wall"] == {**before["wall"], "slug": "main", "former_addresses": []}
    assert [each["number"] for each in after["feedback"]] == [1, 2, 3, 4]
    assert [plain(each) for each in after["feedback"]] == [plain(each) for each in before["feedback"]]
    assert [done(each) for each in after["acts"]] == [done(each) for each in before["acts"]]

    again = run(empty, "import", "main", str(tmp_path / "before.json"))
    assert again.stdout == "Imported 0 entries onto the wall main, 4 were there already.\n"

    async with serving(data=empty, post_limit="") as there, moderating(there, "Robin") as robin:
        page = (await there.client.get("/walls/main/feedback/3")).text
        assert "Three" in page
        assert "Thank you" in page
        assert (await robin.states(show="hidden")) == {2: "hidden", 1: "hidden"}
        assert "Hidden by <bdi>Kim</bdi>" in await robin.page(show="hidden")
        assert list(await robin.states(by=1)) == [3, 2, 1]
        removal = next(each["number"] for each in after["acts"] if each["verb"] == "remove")
        assert said(await robin.undo(removal)) == "Undone."
        assert await words(there.client) == ["Four", "Three\n\nKim: Thank you"]
        assert SENTENCE in said(await robin.act("block-author", 3))
        # Nobody here is the one who was blocked there.
        assert (await post(there.client, text="Five", name="Ann")).status_code == 201
        assert (await there.client.get("/walls/main/feedback/5")).status_code == 200


def plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "author"}


def done(act: dict[str, Any]) -> dict[str, Any]:
    before = {name: value for name, value in (act["before"] or {}).items() if name != "arranged"}
    return {**act, "before": before, "number": 0, "undoes": bool(act["undoes"])}


async def test_a_wall_that_was_deleted_by_mistake_is_as_it_was_under_its_addresses(
    wall: Served, data: Path, tmp_path: Path
) -> None:
    """With the same secret authors are who they were: one who was blocked is, and another one can be."""
    await moderated(wall)
    # An installation without any wall gets a `main` again.
    await add_wall(wall.database, "other")
    file = tmp_path / "retro.json"
    before = export(data, file, "retro")
    async with await Browser.of(wall, await employ(wall.database, "Oz", retro="owner")) as owner:
        deleted = await owner.post("/settings/walls/retro/delete", data={"address": "retro"})
        assert deleted.headers["location"] == "/settings/walls?done=deleted"
    outcome = run(data, "import", "retro", str(file))
    assert outcome.stdout == "Imported 4 entries onto the wall retro, which is new, with 8 acts of its log.\n"
    after = export(data, file, "retro")
    assert after["wall"] == before["wall"]
    assert after["feedback"] == before["feedback"]
    assert (await wall.client.get("/walls/retro/feedback/3")).status_code == 200
    assert (await wall.client.get("/walls/main/feedback/3")).headers["location"] == "/walls/retro/feedback/3"
    async with moderating(wall, "Robin", "retro") as robin:
        form = {"name": "Ann", "text": "Me again", "stamp": await stamp(wall.client, "retro"), "key": "12345678"}
        form["visitor"] = VISITOR
        assert (await wall.client.post("/walls/retro/feedback", data=form, headers=OURS)).status_code == 403
        assert "Author blocked" in await robin.page("retro")
        assert said(await robin.act("unblock-author", 3)) == "The author may write again."


async def test_numbers_that_are_taken_are_not_taken_again(wall: Served, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    entries = [{"text": "Old", "number": 1}, {"text": "New", "number": 70}]
    file.write_text(json.dumps({"format": "feedback-wall", "edition": 1, "wall": {}, "feedback": entries}))
    await post(wall.client, text="Mine")
    outcome = run(data, "import", "other", str(file))
    assert "with new numbers, since theirs are in use here" in outcome.stdout
    entries[0]["number"] = 60
    file.write_text(json.dumps({"format": "feedback-wall", "edition": 1, "wall": {}, "feedback": entries}))
    assert "with new numbers" not in run(data, "import", "third", str(file)).stdout
    assert (await wall.client.get("/walls/third/feedback/70")).status_code == 200
    assert (await post(wall.client, text="After it")).status_code == 201
    assert (await wall.client.get("/walls/main/feedback/71")).status_code == 200


async def test_a_wall_that_is_in_use_stays_arranged_as_it_is(wall: Served, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    there = {"title": "Theirs", "hold": "all", "former_addresses": ["old"]}
    entries = [{"text": "Theirs"}]
    file.write_text(json.dumps({"format": "feedback-wall", "edition": 1, "wall": there, "feedback": entries}))
    await post(wall.client, text="Mine")
    assert run(data, "import", "main", str(file)).returncode == 0
    wall_now = export(data, tmp_path / "now.json")["wall"]
    assert (wall_now["title"], wall_now["hold"], wall_now["former_addresses"]) == ("Feedback", "none", [])
    assert await words(wall.client) == ["Theirs", "Mine"]


def test_words_that_begin_like_a_cell_made_harmless_come_back(data: Path, tmp_path: Path) -> None:
    file, texts = tmp_path / "main.csv", ["'=1+1", "''-2", "'quoted", "'", "=3"]
    entries = [{"text": each} for each in texts]
    (tmp_path / "file").write_text(
        json.dumps({"format": "feedback-wall", "edition": 1, "wall": {}, "feedback": entries})
    )
    assert run(data, "import", "one", str(tmp_path / "file")).returncode == 0
    assert run(data, "export", "one", "--format", "csv", "--output", str(file)).returncode == 0
    assert run(data, "import", "two", str(file)).returncode == 0
    assert [each["text"] for each in export(data, tmp_path / "two.json", "two")["feedback"]] == texts
