"""What a campaign found is told so that it can be found again."""

from __future__ import annotations

import json

from simulator.chaos.provenance import Provenance, provenance
from simulator.chaos.report import DEFAULT_ENGINE, Campaign, document, failure_text, markdown, replay_command
from simulator.chaos.result import Divergence, RunResult

ORIGIN = Provenance(
    date="2026-12-12 09:02:03", commit="abc123", simulator="0.1.0", python="CPython 3.11.7", machine="Linux x86_64"
)
LOST = Divergence(rule="fill", what="order c-1: a|b\nsecond line", at_ms=1)
PASSED = RunResult(seed=1, virtual_s=3600, real_s=0.5, happened={"cut_connections": 3}, heal_ms=(1_500,))
FAILED = RunResult(seed=2, virtual_s=3600, real_s=0.5, divergences=(LOST,) * 8, timeline=("09:00  exchange", "09:01"))


def campaign(*results: RunResult, told_before: int = 0, interrupted: bool = False) -> Campaign:
    return Campaign(
        provenance=ORIGIN,
        engine="m:E",
        hours=1,
        command="simulator chaos --first 1 --seeds 2 --hours 1",
        seeds="seeds 1 to 2",
        workers=2,
        elapsed_s=0.5,
        results=results,
        told_before=told_before,
        commits=("abc123", "def456"),
        interrupted=interrupted,
    )


def test_a_failure_tells_seed_divergence_timeline_and_how_to_see_it_again() -> None:
    assert failure_text(FAILED, "simulator chaos --seed 2").splitlines() == [
        "seed 2 failed (fill): order c-1: a|b",
        "second line",
        *["  also (fill): order c-1: a|b"] * 5,
        "  and 2 more",
        "",
        "  09:00  exchange",
        "  09:01",
        "",
        "replay: simulator chaos --seed 2",
    ]


STARTED = Divergence(
    rule="raised",
    what="the start of life 1: Traceback (most recent call last):\n  File engine.py\nValueError: no config file",
    at_ms=2,
)


def test_an_exception_that_is_told_in_a_line_says_what_it_is() -> None:
    group = (
        "a task, unheard:   + Exception Group Traceback (most recent call last):\n  |   File engine.py\n"
        "  | ExceptionGroup: two (1 sub-exception)\n  +-+---------------- 1 ----------------\n"
        "    | ValueError: no stream\n    +------------------------------------"
    )
    raised = Divergence(rule="raised", what=group, at_ms=2)
    told = failure_text(RunResult(seed=2, virtual_s=1, real_s=1, divergences=(LOST, STARTED, raised)), "again")

    assert "  also (raised): the start of life 1: ValueError: no config file\n" in told
    assert "  also (raised): a task, unheard: ValueError: no stream\n" in told
    page = markdown(campaign(RunResult(seed=2, virtual_s=1, real_s=1, divergences=(STARTED,))))
    assert "| 2 | raised | the start of life 1: ValueError: no config file |" in page


def test_why_no_life_was_ready_is_told_before_what_waited() -> None:
    nobody = Divergence(rule="hung", what="no life is ready:\nTask-1:\n  File world.py", at_ms=1)
    result = RunResult(seed=2, virtual_s=1, real_s=1, divergences=(nobody, LOST, STARTED))

    assert failure_text(result, "again").splitlines() == [
        "seed 2 failed (hung): no life is ready",
        "because (raised): the start of life 1: Traceback (most recent call last):",
        "  File engine.py",
        "ValueError: no config file",
        "the tasks then:",
        "Task-1:",
        "  File world.py",
        "  also (fill): order c-1: a|b",
        "",
        "replay: again",
    ]


def test_the_command_that_replays_names_only_what_is_not_usual() -> None:
    assert replay_command(7, 0.5, DEFAULT_ENGINE) == "simulator chaos --seed 7 --hours 0.5"
    assert replay_command(7, 24, "a b:C") == "simulator chaos --seed 7 --hours 24 --engine 'a b:C'"


def test_the_page_names_date_commits_python_seeds_speed_and_what_failed() -> None:
    page = markdown(campaign(PASSED, FAILED))

    assert page.startswith("## Campaign of 2026-12-12: 2 runs of 1 virtual h\n\n`simulator chaos --first 1")
    for line in (
        "| commit | `abc123`, `def456` |",
        "| Python | CPython 3.11.7 |",
        "| seeds | seeds 1 to 2 |",
        "| seeds failed | 1 (1 fill) |",
        "| virtual hours per hour and core | 7,200 |",
        "| virtual hours per second | 4.00 |",
        "| faults | cut connections | 3 |",
        "| time to heal p50 / p99 / max | 1.5 s / 1.5 s / 1.5 s |",
        "| 2 | fill | order c-1: a\\|b |",
    ):
        assert line in page.splitlines()


def test_a_page_of_which_nothing_failed_says_so() -> None:
    assert "No seed failed." in markdown(campaign(PASSED))


def test_a_page_of_several_sessions_claims_no_speed_of_all() -> None:
    assert "per second" not in markdown(campaign(PASSED, told_before=1))


def test_a_page_of_a_campaign_that_was_ended_says_so() -> None:
    assert "| interrupted | yes" in markdown(campaign(PASSED, interrupted=True))


def test_the_document_holds_everything() -> None:
    read = json.loads(document(campaign(PASSED, FAILED)))

    assert read["campaign"]["provenance"]["commit"] == "abc123"
    assert [run["seed"] for run in read["campaign"]["results"]] == [1, 2]
    assert read["summary"]["failures"] == {"fill": 1}


def test_this_process_knows_where_its_results_are_from() -> None:
    origin = provenance()

    assert origin.python.startswith("CPython 3.")
    assert origin.date.startswith("20")
