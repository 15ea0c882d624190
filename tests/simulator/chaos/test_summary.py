"""The sums of many runs are those of each."""

from __future__ import annotations

from simulator.chaos.result import Divergence, RunResult
from simulator.chaos.summary import happenings, rows, summarize

LOST = Divergence(rule="fill", what="lost", at_ms=1)


def run(seed: int = 1, *broken: Divergence, heal_ms: tuple[int, ...] = ()) -> RunResult:
    return RunResult(
        seed=seed,
        virtual_s=3600,
        real_s=0.5,
        divergences=broken,
        happened={"cut_connections": 2, "engine_crash": seed},
        skipped=1,
        orders=10,
        fills=4,
        lives=2,
        heal_ms=heal_ms,
    )


def test_two_hours_in_a_second_of_one_core_are_7200_an_hour() -> None:
    shown = dict(rows(summarize([run(1), run(2)]), elapsed_s=0.5))

    assert shown["virtual hours per hour and core"] == "7,200"
    assert shown["virtual hours per second"] == "4.00"
    assert shown["lives of the engine"] == "4, 2 of them after a crash or a stop"


def test_a_speed_that_nobody_knows_is_not_told() -> None:
    assert "virtual hours per second" not in dict(rows(summarize([run()]), elapsed_s=0))


def test_failures_are_counted_by_what_broke_first() -> None:
    hung = Divergence(rule="hung", what="hung", at_ms=1)

    shown = dict(rows(summarize([run(1, LOST, hung), run(2), run(3, LOST), run(4, hung)]), elapsed_s=1))

    assert (shown["seeds passed"], shown["seeds failed"]) == ("1", "3 (2 fill, 1 hung)")


def test_what_happened_is_told_by_whose_doing_it_was_and_how_often() -> None:
    happened = {"cut_connections": 2, "fault request delay": 1000, "engine_crash": 5, "set_price": 1, "reject": 7}

    assert happenings(summarize([RunResult(seed=1, virtual_s=1, real_s=1, happened=happened)])) == [
        ("the engine was told to", [("crash", "5")]),
        ("faults", [("fault request delay", "1,000"), ("reject", "7"), ("cut connections", "2")]),
        ("the exchange and others", [("set price", "1")]),
    ]


def test_a_busy_machine_is_no_slower_for_what_it_ran() -> None:
    shared = RunResult(seed=1, virtual_s=3600, real_s=3, cpu_s=1)

    assert dict(rows(summarize([shared]), elapsed_s=3))["virtual hours per hour and core"] == "3,600"


def test_of_a_hundred_healings_one_may_take_longer_than_p99() -> None:
    runs = [run(heal_ms=(ms,)) for ms in range(1000, 101_000, 1000)]

    summary = summarize(reversed(runs))

    assert (summary.heal_p50_ms, summary.heal_p99_ms, summary.heal_max_ms) == (50_000, 99_000, 100_000)
    assert dict(rows(summary, 1))["time to heal p50 / p99 / max"] == "50.0 s / 99.0 s / 100.0 s"


def test_nothing_at_all_is_summed_up_too() -> None:
    shown = dict(rows(summarize([]), elapsed_s=1))

    assert shown["virtual hours per hour and core"] == "0.00"
    assert "time to heal p50 / p99 / max" not in shown
