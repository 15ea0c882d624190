"""What many runs come to: how many failed, how fast it went, what happened in them, and how long healing took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args

import msgspec

from simulator.chaos.result import RunResult
from simulator.core.scenario.action import (
    AnswerAction,
    CloseConnections,
    CutConnections,
    OnListenKey,
    RefuseConnections,
    RestLag,
    SilenceConnections,
)
from simulator.core.scenario.api_action import OnApi
from simulator.core.scenario.frame_action import OnConnections
from simulator.core.scenario.notation import snake_case

__all__ = ["Summary", "happenings", "rows", "summarize"]

_FAULTS: Final = frozenset(
    snake_case(kind.__name__)
    for kind in get_args(
        OnConnections | OnApi | OnListenKey | AnswerAction | CloseConnections | CutConnections | SilenceConnections
        | RefuseConnections | RestLag
    )
)  # fmt: skip
"""Actions that are faults, by their names; those that install a rule begin with "fault"."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The sums."""

    seeds: int
    failed: int
    virtual_h: float
    worked_s: float
    """Seconds of a core that all runs took together."""
    orders: int
    fills: int
    lives: int
    skipped: int
    happened: Mapping[str, int]
    """By name, the most frequent first."""
    failures: Mapping[str, int]
    """Seeds by the rule that was broken first."""
    healed: int
    heal_p50_ms: int | None
    heal_p99_ms: int | None
    heal_max_ms: int | None


def summarize(results: Iterable[RunResult]) -> Summary:
    """Return the sums of some results."""
    runs = list(results)
    happened = sum((Counter(run.happened) for run in runs), Counter[str]())
    failures = Counter[str](run.divergences[0].rule for run in runs if run.divergences)
    healing = sorted(ms for run in runs for ms in run.heal_ms)
    return Summary(
        seeds=len(runs),
        failed=sum(not run.passed for run in runs),
        virtual_h=sum(run.virtual_s for run in runs) / 3600,
        worked_s=sum(run.cpu_s or run.real_s for run in runs),
        orders=sum(run.orders for run in runs),
        fills=sum(run.fills for run in runs),
        lives=sum(run.lives for run in runs),
        skipped=sum(run.skipped for run in runs),
        happened=_by_frequency(happened),
        failures=_by_frequency(failures),
        healed=len(healing),
        heal_p50_ms=_percentile(healing, 50),
        heal_p99_ms=_percentile(healing, 99),
        heal_max_ms=_percentile(healing, 100),
    )


def rows(summary: Summary, elapsed_s: float) -> list[tuple[str, str]]:
    """Return the summary for people: what, and how much.

    `elapsed_s` is how long all of it took, on all cores; 0 when nobody knows.
    """
    table = [
        ("seeds passed", f"{summary.seeds - summary.failed:,}"),
        ("seeds failed", _failed(summary)),
        ("virtual hours", f"{summary.virtual_h:,.1f}"),
        ("virtual hours per hour and core", _rate(summary.virtual_h * 3600, summary.worked_s)),
        *([("virtual hours per second", _rate(summary.virtual_h, elapsed_s))] if elapsed_s else []),
        ("orders", f"{summary.orders:,}"),
        ("fills", f"{summary.fills:,}"),
        (
            "lives of the engine",
            f"{summary.lives:,}, {summary.lives - summary.seeds:,} of them after a crash or a stop",
        ),
        ("steps skipped", f"{summary.skipped:,}"),
    ]
    if summary.healed:
        table.append(("disturbances that healed", f"{summary.healed:,}"))
        table.append(("time to heal p50 / p99 / max", " / ".join(map(_seconds, _healing(summary)))))
    return table


def happenings(summary: Summary) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what happened for people: whose doing it was, and what, how often."""
    groups: dict[str, list[tuple[str, str]]] = {
        "the engine was told to": [],
        "faults": [],
        "the exchange and others": [],
    }
    for name, count in summary.happened.items():
        groups[_group(name)].append((name.removeprefix("engine_").replace("_", " "), f"{count:,}"))
    return [(group, named) for group, named in groups.items() if named]


def _group(name: str) -> str:
    if name.startswith("engine_"):
        return "the engine was told to"
    return "faults" if name.startswith("fault") or name in _FAULTS else "the exchange and others"


def _by_frequency(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _percentile(ordered: Sequence[int], percent: int) -> int | None:
    """Return the smallest value that so many per cent do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


def _healing(summary: Summary) -> tuple[int, int, int]:
    return summary.heal_p50_ms or 0, summary.heal_p99_ms or 0, summary.heal_max_ms or 0


def _failed(summary: Summary) -> str:
    by_rule = ", ".join(f"{count} {rule}" for rule, count in summary.failures.items())
    return f"{summary.failed:,}" + (f" ({by_rule})" if by_rule else "")


def _rate(amount: float, seconds: float) -> str:
    rate = amount / seconds if seconds else 0
    return f"{rate:,.2f}" if rate < 10 else f"{rate:,.0f}"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.1f} s"
