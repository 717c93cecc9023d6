"""The promise of the stream: whatever happens in whatever order, every reader ends with what the database says."""

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback_app.models import Wall

from ..support import Served, post, serving, until
from ..support.databases import Folders
from ..support.page_model import ENTRY, PageModel, version_of

pytestmark = pytest.mark.engines

STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "write", "edit", "hide", "publish"]), st.integers(0, 9))
    | st.tuples(st.sampled_from(["come", "go", "resume"]), st.integers(0, 2))
    | st.tuples(st.just("restart"), st.just(0)),
    max_size=25,
)


async def act(wall: Served, what: str, which: int, numbers: list[int]) -> None:
    if what == "write":
        answer = await post(wall.client, text=f"Words {len(numbers)}")
        found = re.search(r'id="feedback-(\d+)"', answer.text)
        assert found is not None
        numbers.append(int(found.group(1)))
    elif numbers:
        number = numbers[which % len(numbers)]
        if what == "edit":
            await wall.change(Wall.edit, number, name="Ann", text=f"Edited {which}")
        else:
            await wall.change(getattr(Wall, what), number)


# Each example serves walls of its own.
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
async def test_every_reader_ends_with_what_the_database_says(
    folders: Folders, tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    with folders.copy(tmp_path / "data") as data:
        await follow(data, steps)


async def follow(data: Path, steps: list[tuple[str, int]]) -> None:
    screens = [PageModel(), PageModel(), PageModel()]
    numbers: list[int] = []
    remaining = [*steps, ("come", 0), ("resume", 1), ("resume", 2)]
    while remaining:
        async with serving(data=data, post_limit="") as wall:
            while remaining:
                what, which = remaining.pop(0)
                if what == "restart":
                    break
                if what == "come":
                    await screens[which].open(wall.client, wall.port)
                elif what == "resume":
                    await screens[which].resume(wall.port)
                elif what == "go":
                    await screens[which].close()
                else:
                    await act(wall, what, which, numbers)
            if not remaining:
                page = (await wall.client.get("/walls/main")).text
                for screen in screens:

                    def is_up_to_date(screen: PageModel = screen, version: int = version_of(page)) -> bool:
                        screen.take()
                        return screen.version >= version

                    await until(is_up_to_date)
                    assert {**screen.entries} == dict(ENTRY.findall(page))
            for screen in screens:
                await screen.close()
    await asyncio.sleep(0)
