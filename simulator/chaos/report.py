"""What a campaign found, told to a person (a failure with its timeline, a page of Markdown) and to programs (JSON)."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from simulator.chaos.provenance import Provenance
from simulator.chaos.result import Divergence, RunResult
from simulator.chaos.summary import Summary, happenings, rows, summarize

__all__ = [
    "DEFAULT_ENGINE",
    "Campaign",
    "document",
    "failure_text",
    "markdown",
    "one_line_of",
    "replay_command",
    "scenario_command",
]

DEFAULT_ENGINE: Final = "simulator.chaos.user_stream_engine:UserStreamEngine"
_DIVERGENCES: Final = 5
"""How many are told of a run, after the first."""
_TRACEBACK: Final = "Traceback (most recent call last):"
_FRAME_OF_A_GROUP: Final = " |+-"
"""What the traceback of an exception group is drawn with."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """What was tried, and how it ended."""

    provenance: Provenance
    engine: str
    hours: float
    command: str
    seeds: str
    """In words."""
    workers: int
    elapsed_s: float
    """Real time of this session."""
    results: Sequence[RunResult]
    told_before: int = 0
    """How many of the results are of earlier sessions."""
    commits: tuple[str, ...] = ()
    """All that there are results of."""
    interrupted: bool = False


def replay_command(seed: int, hours: float, engine: str) -> str:
    """Return what runs a seed again."""
    return shlex.join(["simulator", "chaos", "--seed", str(seed), "--hours", f"{hours:g}", *_chosen(engine)])


def scenario_command(file: Path, engine: str) -> str:
    """Return what plays a scenario."""
    return shlex.join(["simulator", "chaos", "--scenario", str(file), *_chosen(engine)])


def _chosen(engine: str) -> list[str]:
    return [] if engine == DEFAULT_ENGINE else ["--engine", engine]


def one_line_of(result: RunResult) -> str:
    """Return how a run ended, in a line."""
    ended = "passed" if result.passed else f"failed, {result.divergences[0].rule}"
    sums = f"{result.orders} orders, {result.fills} fills, {result.lives} lives"
    hours = f"{result.virtual_s / 3600:g} h in {result.real_s:.2f} s"
    return f"seed {result.seed} {ended}: {hours}, {sums}, journal {result.journal_digest or 'none'}"


def failure_text(result: RunResult, replay: str) -> str:
    """Return everything that a person needs to begin with."""
    first, *others = result.divergences
    lines = [f"seed {result.seed} failed ({first.rule}): {first.what}"]
    cause = next(filter(_is_a_failed_start, others), None)
    if first.rule == "hung" and cause is not None:
        others.remove(cause)
        hung, _, tasks = first.what.partition("\n")
        lines = [
            f"seed {result.seed} failed ({first.rule}): {hung.removesuffix(':')}",
            f"because ({cause.rule}): {cause.what}",
        ]
        lines += [f"the tasks then:\n{tasks}"] if tasks else []
    lines += [f"  also ({other.rule}): {_in_a_line(other.what)}" for other in others[:_DIVERGENCES]]
    if len(others) > _DIVERGENCES:
        lines.append(f"  and {len(others) - _DIVERGENCES} more")
    lines += ["", *(f"  {line}" for line in result.timeline)] if result.timeline else []
    return "\n".join([*lines, "", f"replay: {replay}"])


def _is_a_failed_start(divergence: Divergence) -> bool:
    return divergence.rule == "raised" and divergence.what.startswith("the start of life ")


def _in_a_line(what: str) -> str:
    """Return the first line; of an exception that was traced, what it is instead of where."""
    first, _, others = what.partition("\n")
    where, is_traced, _ = first.partition(_TRACEBACK)
    if not is_traced:
        return first
    told = [line.strip(_FRAME_OF_A_GROUP) for line in others.splitlines()]
    last = next(filter(None, reversed(told)), "")
    return f"{where.rstrip().removesuffix('Exception Group').rstrip(' +')} {last}".strip()


def document(campaign: Campaign) -> bytes:
    """Return the campaign as JSON."""
    told = {"campaign": campaign, "summary": summarize(campaign.results)}
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def markdown(campaign: Campaign) -> str:
    """Return the campaign as a page of Markdown."""
    summary = summarize(campaign.results)
    parts = [
        f"## Campaign of {campaign.provenance.date[:10]}: {summary.seeds:,} runs of {campaign.hours:g} virtual h",
        f"`{campaign.command}`",
        _table(("what", "value"), [*_origin(campaign), *rows(summary, _session_s(campaign))]),
        "What happened in them:",
        _table(("whose doing", "what", "how often"), _happenings(summary)),
        _failures(campaign, summary),
    ]
    return "\n\n".join(parts) + "\n"


def _session_s(campaign: Campaign) -> float:
    """Return the session's time; nothing when results are from others, whose time nobody knows."""
    return 0 if campaign.told_before else campaign.elapsed_s


def _origin(campaign: Campaign) -> list[tuple[str, str]]:
    origin = campaign.provenance
    commits = campaign.commits or (origin.commit,)
    table = [
        ("date (UTC)", origin.date),
        ("commit", ", ".join(f"`{commit}`" if commit else "unknown" for commit in commits)),
        ("Python", origin.python),
        ("machine", f"{origin.machine}, {campaign.workers} workers"),
        ("engine", f"`{campaign.engine}`"),
        ("seeds", campaign.seeds),
    ]
    return [*table, ("interrupted", "yes: these are the seeds that had ended")] if campaign.interrupted else table


def _happenings(summary: Summary) -> list[tuple[str, str, str]]:
    return [(group, what, count) for group, named in happenings(summary) for what, count in named]


def _failures(campaign: Campaign, summary: Summary) -> str:
    if not summary.failed:
        return "No seed failed."
    failed = [
        (str(run.seed), run.divergences[0].rule, _cell(run.divergences[0].what))
        for run in sorted(campaign.results, key=lambda run: run.seed)
        if run.divergences
    ]
    again = replay_command(int(failed[0][0]), campaign.hours, campaign.engine)
    return f"Failed, to be replayed by `{again}`:\n\n{_table(('seed', 'rule', 'what'), failed)}"


def _table(heading: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    cells = [heading, tuple("---" for _ in heading), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def _cell(text: str) -> str:
    return _in_a_line(text).replace("|", "\\|")
