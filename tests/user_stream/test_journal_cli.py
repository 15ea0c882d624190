"""The command `user-stream journal`, as its user meets it."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.runtime.script import load_scenario
from tests.user_stream.journal_facts import API_KEY, HOUR_MS, NOW_MS, StandingClock, delivery, details, intent, opened
from user_stream.cli import main


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of two hours."""
    clock = StandingClock()
    journal = opened(tmp_path / "journal", clock=clock)
    journal.intend(intent("in-flight"))
    journal.frame(
        clock.now_ms, 1, b'{"stream":"' + API_KEY.encode() + b'","data":{"e":"TRADE_LITE","long":"%b"}}' % (b"x " * 200)
    )
    journal.write_ahead([delivery(1), details(9)])
    journal.acknowledge(1)
    clock.now_ms += HOUR_MS // 2
    journal.frame(clock.now_ms, 2, b'{"e":"ACCOUNT_UPDATE"}')
    journal.write_ahead([delivery(2, status="CANCELED")])
    journal.cover(NOW_MS, NOW_MS)
    journal.close()
    return tmp_path / "journal"


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["journal", *map(str, arguments)])


def lines(*arguments: str | Path) -> list[str]:
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    assert API_KEY not in result.output
    return result.stdout.splitlines()


def test_show_tells_what_there_is_at_a_glance(path: Path) -> None:
    text = " ".join(" ".join(lines("show", path)).split())

    assert "0 open, 1 ended" in text
    assert "3 deliveries and details, the next delivery is 3" in text
    assert "in flight in-flight" in text
    assert "2026-11-22 12:00:00.000+00:00" in text
    assert re.search(r"frames 2, from .* to 2026-11-22 12:30:00", text)


def test_show_of_a_new_journal_has_no_times(tmp_path: Path) -> None:
    opened(tmp_path / "journal").close()

    assert "frames                  0, from - to -" in "\n".join(lines("show", tmp_path / "journal"))


def test_show_orders_has_a_line_for_everything_told(path: Path) -> None:
    shown = lines("show", path, "--orders")

    assert [line.split()[0] for line in shown] == ["1", "details", "2"]
    assert shown[2].endswith("CANCELED  mine  (not acknowledged)")


def test_show_frames_has_a_line_for_every_frame(path: Path) -> None:
    shown = lines("show", path, "--frames")

    assert re.fullmatch(
        r" +#1  2026-11-22 12:00:00.000\+00:00  event +TRADE_LITE +\{\"stream\":\"<redacted>\".*\.\.\.", shown[0]
    )
    assert re.fullmatch(r" +#2  .* ACCOUNT_UPDATE +\{\"e\":\"ACCOUNT_UPDATE\"\}", shown[1])


@pytest.mark.parametrize("moment", ["2026-11-22T12:10", "2026-11-22T13:10+01:00"])
def test_since_leaves_out_what_was_before(path: Path, moment: str) -> None:
    assert len(lines("show", path, "--frames", "--since", moment)) == 1
    assert len(lines("show", path, "--orders", "--since", moment)) == 1


def test_since_may_be_a_while_ago(path: Path) -> None:
    assert len(lines("show", path, "--frames", "--since", "99999d")) == 2


def test_a_moment_that_is_none_is_refused(path: Path) -> None:
    result = invoke("show", path, "--since", "yesterday")

    assert result.exit_code == 2
    assert "'yesterday' is neither how long ago (30m, 2h, 7d) nor a time (2026-11-22T14:00)" in result.stderr


def test_export_writes_everything_as_json_lines_in_its_order(path: Path) -> None:
    kinds = [json.loads(line)["kind"] for line in lines("export", path)]

    assert kinds == ["intent", "frame", "delivery", "details", "frame", "delivery"]


def test_export_writes_a_scenario_that_the_simulator_reads(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "played.yaml"
    file.write_text("\n".join(lines("export", path, "--format", "scenario")))

    assert [step.delay for step in load_scenario(file).steps] == ["0ms", f"{HOUR_MS // 2}ms"]


def test_a_scenario_without_frames_is_refused(path: Path) -> None:
    result = invoke("export", path, "--format", "scenario", "--since", "2027-01-01")

    assert result.exit_code == 1
    assert result.stderr.endswith("has no frames to play\n")


@pytest.mark.parametrize("command", ["show", "export"])
def test_what_is_no_journal_is_one_clear_line(tmp_path: Path, command: str) -> None:
    result = invoke(command, tmp_path / "nothing")

    assert result.exit_code == 1
    assert re.fullmatch(r"Error: there is no journal [^\n]+\n", result.stderr)


def test_rows_that_were_left_out_are_counted(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("UPDATE frames SET body = x'00'")
    database.commit()
    database.close()

    assert invoke("show", path, "--frames").stderr == "2 rows were left out: they are not as they were written\n"
