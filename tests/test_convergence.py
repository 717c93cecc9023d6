"""The promise of the stream: whatever happens in whatever order, every reader ends with what the database says."""

import asyncio
import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback_app.models import Wall

from .databases import Folders
from .support import Reader, Served, post, serving, until

PARTIAL = re.compile(r'<hx-partial hx-target="#([^"]+)" hx-swap="(\w+)">(.*?)</hx-partial>', re.DOTALL)
ENTRY = re.compile(r'<article class="feedback" id="(feedback-\d+)".*?class="feedback__text"[^>]*>(.*?)</p>', re.DOTALL)

STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "write", "edit", "hide", "publish"]), st.integers(0, 9))
    | st.tuples(st.sampled_from(["come", "go", "resume"]), st.integers(0, 2))
    | st.tuples(st.just("restart"), st.just(0)),
    max_size=25,
)


class Screen:
    """A reader's list: what a page does with the fragments it hears."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.version = 0
        self.reader: Reader | None = None
        self.heard: list[int] = []

    async def open(self, wall: Served) -> None:
        """Load the page, then listen from its version."""
        await self.close()
        page = (await wall.client.get("/walls/main")).text
        self.entries = dict(ENTRY.findall(page))
        self.version = version_of(page)
        await self.resume(wall)

    async def resume(self, wall: Served) -> None:
        await self.close()
        self.reader = await Reader(wall.port, str(self.version)).__aenter__()

    async def close(self) -> None:
        if self.reader is not None:
            self.take()
            await self.reader.__aexit__()
            self.reader = None

    def take(self) -> None:
        """Apply what was heard."""
        assert self.reader is not None
        while self.reader.events:
            event = self.reader.events.pop(0)
            for target, style, html in PARTIAL.findall(event.data):
                assert style in ("feed", "delete"), "These readers are never too far behind."
                if style == "delete":
                    self.entries.pop(target, None)
                else:
                    self.entries.update(ENTRY.findall(html))
            if event.id:
                assert int(event.id) > self.version
                self.version = int(event.id)


def version_of(page: str) -> int:
    found = re.search(r'data-version="(\d+)"', page)
    assert found is not None
    return int(found.group(1))


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
    screens = [Screen(), Screen(), Screen()]
    numbers: list[int] = []
    remaining = [*steps, ("come", 0), ("resume", 1), ("resume", 2)]
    while remaining:
        async with serving(data=data, post_limit="") as wall:
            while remaining:
                what, which = remaining.pop(0)
                if what == "restart":
                    break
                if what == "come":
                    await screens[which].open(wall)
                elif what == "resume":
                    await screens[which].resume(wall)
                elif what == "go":
                    await screens[which].close()
                else:
                    await act(wall, what, which, numbers)
            if not remaining:
                page = (await wall.client.get("/walls/main")).text
                for screen in screens:

                    def is_up_to_date(screen: Screen = screen, version: int = version_of(page)) -> bool:
                        screen.take()
                        return screen.version >= version

                    await until(is_up_to_date)
                    assert {**screen.entries} == dict(ENTRY.findall(page))
            for screen in screens:
                await screen.close()
    await asyncio.sleep(0)
