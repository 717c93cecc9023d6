"""The command `bench` gives plausible figures, and says what it needs."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from feedback_app.bench.chart import chart
from feedback_app.bench.quantiles import Quantiles
from feedback_app.bench.report import Listening, Machine, Rate, Report, Start
from feedback_app.database import Database, postgresql

from ..support import Served, environment
from ..support.databases.query_plans import gather_statistics
from . import peers


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.timeout(300)
def test_the_command_measures_and_leaves_nothing_behind(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "feedback_app", "bench", "--quick", "--listeners", "5", "--json"]
    done = subprocess.run(
        [*command, "--chart", str(tmp_path / "chart.svg")],
        env=environment(data),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["start"]["seconds"] > 0
    assert [rate["name"] for rate in report["rates"]] == ["page of 30 entries", "page unchanged (304)", "durable post"]
    for rate in report["rates"]:
        assert rate["ratio"] > 0
        assert 0 < rate["took"][0] <= rate["took"][2]
    (told,) = report["listening"]
    assert told["listeners"] == 5
    assert 0 < told["same"][0] <= told["same"][2]
    assert {each.name for each in tmp_path.iterdir()} == {"chart.svg"}


def test_too_few_descriptors_are_said_in_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "feedback_app", "bench", "--listeners", "5000"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)),
    )
    assert done.returncode == 1
    assert done.stderr == (
        "feedback-app: 5,000 listeners need 5,200 open files in a process, and this system allows 1,024. "
        "Allow more (as root: ulimit -Hn 5200), or measure fewer with --listeners 824.\n"
    )


def test_peers_that_are_not_installed_are_named_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", tmp_path)
    monkeypatch.setattr(peers, "_nginx", lambda: str(tmp_path / "nginx"))
    absent = peers.missing_peers()
    assert list(absent) == [peers.ISSO_NAME, peers.FLASK_NAME, peers.NCHAN_NAME]
    assert all("install" in why for why in absent.values())


@pytest.mark.postgresql
async def test_statistics_are_gathered_however_long_it_takes(wall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgresql.LIMITS, "statement_timeout", "1ms")
    database = Database(wall.database.url)
    await gather_statistics(database, "feedback")
    await database.close()


def test_the_report_is_a_table_and_a_chart() -> None:
    quick, some, slower = Quantiles(0.1, 0.2, 0.3), Quantiles(10, 20, 30), Quantiles(100, 200, 300)
    listening = [Listening(100, 10.1, some, some, quick, 100.0), Listening(10_000, None, slower, slower, some, 10.0)]
    rate = Rate("page of 30 entries", "bare ASGI, same bytes", 64, 12_000.0, some, 15_000.0, 0.8)
    report = Report(Machine(), 5, Start(0.5, 60.0), [rate], listening)
    assert "| 10,000 listeners | 100.0 | 200.0 | 300.0 | 300.0 | 30.0 | 10.00 | unknown |" in report.table()
    assert "| page of 30 entries, 64 at once | 12,000 | 30.0 |" in report.table()
    drawn = ElementTree.fromstring(chart(report))  # noqa: S314
    assert "10,000 listeners: 300 ms" in "".join(drawn.itertext())
    written = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"0.5", "1", "200", "100", "10,000"} < set(written)
