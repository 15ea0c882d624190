"""`simulator chaos`: tries an engine in the laboratory, on many seeds or on one.

Exit codes: 0 everything passed, 1 a seed failed, 2 the command line or a file is wrong, 130 ended by Ctrl-C before
that: what was found until then is shown and written all the same.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from simulator.chaos.corpus import read_corpus
from simulator.chaos.factory import engine_factory
from simulator.chaos.report import DEFAULT_ENGINE
from simulator.chaos.trial import Trial, replay, try_seeds
from simulator.chaos.worker_process import default_limit_s
from simulator.errors import SimulatorError

__all__ = ["chaos"]

WORLD: Final = "simulator.chaos.world"
_MOST_SEEDS: Final = 10_000_000
_SEEDS: Final = 100
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


class _WrongUsageError(click.ClickException):
    exit_code = 2


@click.command()
@click.option("--seeds", type=click.IntRange(1, _MOST_SEEDS), help=f"How many runs are drawn.  [default: {_SEEDS}]")
@click.option("--first", type=click.IntRange(0), help="The first seed; the next ones follow.  [default: drawn]")
@click.option("--seed", "chosen", type=click.IntRange(0), multiple=True, help="Only this seed; repeatable.")
@click.option("--hours", type=click.FloatRange(0, 24 * 366, min_open=True), default=1.0, show_default=True,
              help="How long each run is, in virtual hours.")  # fmt: skip
@click.option(
    "--engine", metavar="MODULE:FACTORY", default=DEFAULT_ENGINE, help="Whose engine.  [default: this project's]"
)
@click.option("--workers", type=click.IntRange(1, 1024), help="How many processes.  [default: one for each core]")
@click.option("--fail-fast/--keep-going", default=False, help="End with the first failure.  [default: keep going]")
@click.option("--shrink", is_flag=True, help="Reduce what failed to a scenario file, chaos-SEED.yaml.")
@click.option("--scenario", "files", type=_FILE, multiple=True, help="Play this scenario instead; repeatable.")
@click.option("--corpus", type=_FILE, help="Try the seeds of this file too, first of all: SEED HOURS  # why.")
@click.option("--resume", type=_FILE, help="Keep each result in this file, and do not run again what is there.")
@click.option("--force", is_flag=True, help="Go on with --resume's file by other code, hours or engine.")
@click.option("--limit", "limit_s", type=click.FloatRange(1), metavar="SECONDS",
              help="Real time that a run may take.  [default: 60, and 60 for each virtual hour]")  # fmt: skip
@click.option("--json", "json_file", type=_FILE, help="Write all results here.")
@click.option("--junit", "junit_file", type=_FILE, help="Write a test case for each seed here.")
@click.option("--report", "report_file", type=_FILE, help="Write a page of Markdown here.")
def chaos(**options: Any) -> None:
    """Try an engine in the laboratory: a simulated exchange, virtual time, drawn trading and drawn faults."""
    with _told(), _ending():
        engine_factory(options["engine"])
        trial = _trial(options)
        _refuse_nowhere(trial)
        sys.exit(replay(trial, options["files"]) if options["files"] else try_seeds(trial))


def _trial(options: dict[str, Any]) -> Trial:
    _refuse_contradictions(options)
    hours, limit_s = options["hours"], options["limit_s"]
    chosen = options["chosen"]
    return Trial(
        engine=options["engine"],
        hours=hours,
        chosen=chosen,
        count=options["seeds"] or (0 if chosen else _SEEDS),
        first=options["first"],
        drawn_first=secrets.randbelow(1_000_000_000),
        kept=tuple(read_corpus(_text(options["corpus"]), str(options["corpus"]))) if options["corpus"] else (),
        workers=options["workers"] or os.cpu_count() or 1,
        limit_s=limit_s or default_limit_s(hours),
        fail_fast=options["fail_fast"],
        shrink=options["shrink"],
        resume=options["resume"],
        force=options["force"],
        json_file=options["json_file"],
        junit_file=options["junit_file"],
        report_file=options["report_file"],
        world=WORLD,
    )


def _refuse_contradictions(options: dict[str, Any]) -> None:
    contradictions = (
        ("files", ("seeds", "first", "chosen", "hours", "corpus", "resume", "json_file", "junit_file", "report_file")),
        ("chosen", ("seeds", "first")),
        ("corpus", ("resume",)),
    )
    names = {"files": "scenario", "chosen": "seed", "json_file": "json", "junit_file": "junit", "report_file": "report"}
    for one, others in contradictions:
        for other in others:
            if options[one] and options[other] not in {None, ()} and _is_given(other):
                message = f"--{names.get(one, one)} and --{names.get(other, other)} contradict each other: give one"
                raise click.UsageError(message)
    if options["force"] and not options["resume"]:
        message = "--force is for --resume: it has nothing to do without"
        raise click.UsageError(message)


def _is_given(option: str) -> bool:
    return click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT


def _refuse_nowhere(trial: Trial) -> None:
    """Say before hours of work that what it finds could not be written."""
    for file in filter(None, (trial.json_file, trial.junit_file, trial.report_file)):
        if not file.parent.is_dir():
            message = f"{file}: there is no directory {file.parent}: make it first"
            raise click.UsageError(message)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the user can mend into one message."""
    try:
        yield
    except SimulatorError as error:
        raise _WrongUsageError(str(error)) from error
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        raise _WrongUsageError(f"{about}{error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _WrongUsageError(f"not UTF-8 text: {error}") from error


@contextmanager
def _ending() -> Iterator[None]:
    """End on SIGTERM as on Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
