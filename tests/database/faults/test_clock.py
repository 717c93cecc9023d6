"""A clock that jumps: the order of a wall never follows it, nobody is locked out, and no word is lost."""

import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ...support import HTMX, OURS, Process, Reader, environment, items, post, stamp, until, words

pytestmark = pytest.mark.sqlite
HOUR = 3600
# The program with a clock that is wrong by as many seconds as a file says.
WITH_THAT_CLOCK = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from feedback_app import clock
from feedback_app.cli import main

file = Path(sys.argv.pop(1))

class Wrong(datetime):
    @classmethod
    def now(cls, zone):
        return datetime.now(zone) + timedelta(seconds=int(file.read_text()))

clock.datetime = Wrong
main()
"""


class Clocked(Process):
    """A server whose clock a test can set while it runs."""

    def put(self, seconds: int) -> None:
        """How wrong the clock is from now on."""
        self._clock.write_text(str(seconds))

    def start(self) -> None:
        self._clock = self.data.parent / "clock"
        self.put(0)
        command = [sys.executable, "-c", WITH_THAT_CLOCK, str(self._clock), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env=environment(self.data, **self.settings), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert "The wall is at" in self.process.stdout.readline()


@pytest.fixture
async def server(data: Path) -> AsyncIterator[Clocked]:
    server = Clocked(data, FEEDBACK_POST_LIMIT="4/minute")
    yield server
    assert server.stop() == 0


async def test_a_clock_that_jumps_changes_no_order_and_no_version(server: Clocked) -> None:
    async with server.client() as client, Reader(server.port, "0") as reader:
        for text, wrong in (("One", 0), ("Two", -HOUR), ("Three", HOUR), ("Four", 0)):
            server.put(wrong)
            assert (await post(client, text=text)).status_code == 201
        await until(lambda: reader.versions == [1, 2, 3, 4])
        assert await words(client) == ["Four", "Three", "Two", "One"]
        page = (await client.get("/walls/main")).text
        places = [page.index(f">{text}<") for text in ("Four", "Three", "Two", "One")]
        assert places == sorted(places)
        times = [item["date_published"] for item in await items(client)]
        assert times[1] > times[0] > times[2]


async def test_after_a_clock_was_put_right_nobody_has_to_wait_for_the_time_it_showed(server: Clocked) -> None:
    async with server.client() as client:
        server.put(HOUR)
        for each in range(4):
            assert (await post(client, text=f"Early {each}", visitor="a" * 32)).status_code == 201
        assert (await post(client, text="Too many", visitor="a" * 32)).status_code == 429
        server.put(0)
        assert (await post(client, text="Now", visitor="a" * 32)).status_code == 201


@pytest.mark.parametrize(("ahead", "status"), [(60, 201), (45 * 60, 201), (HOUR, 201), (3 * HOUR, 422)])
async def test_a_form_of_a_machine_whose_clock_is_ahead_is_taken(server: Clocked, ahead: int, status: int) -> None:
    """Another machine that serves the same wall may be behind it, also around a full hour."""
    shortly_before_the_hour = HOUR - int(time.time()) % HOUR - 30
    async with server.client() as client:
        server.put(shortly_before_the_hour + ahead)
        given = await stamp(client)
        server.put(shortly_before_the_hour)
        assert (await post(client, stamp=given)).status_code == status


async def test_a_form_from_the_time_that_was_wrong_keeps_its_words(server: Clocked) -> None:
    """A form token from the future is rejected once; the second try is accepted."""
    async with server.client() as client:
        server.put(30 * HOUR)
        given = await stamp(client)
        server.put(0)
        fields = {"name": "Ann", "text": "Kept <words>", "stamp": given, "key": "a-key-of-mine"}
        refused = await client.post("/walls/main/feedback", data=fields, headers=OURS)
        assert refused.status_code == 422
        assert "Kept &lt;words&gt;</textarea>" in refused.text
        fields["stamp"] = re.search(r'name="stamp" value="([^"]+)"', refused.text).group(1)  # type: ignore[union-attr]
        assert (await client.post("/walls/main/feedback", data=fields, headers=HTMX)).status_code == 201
