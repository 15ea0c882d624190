"""Seeds that are worth trying again: each has failed once. A file of lines, `SEED HOURS  # when, and why`.

A seed means what it meant only for as long as runs are drawn as they were then. What must be tried for good is kept as
the scenario that `--shrink` has written.
"""

from __future__ import annotations

from typing import NamedTuple

from simulator.errors import SimulatorError

__all__ = ["CorpusError", "KeptSeed", "read_corpus"]


class CorpusError(SimulatorError):
    """A line of a corpus says no seed. The message says which line."""


class KeptSeed(NamedTuple):
    """A seed that has failed."""

    seed: int
    hours: float
    reason: str
    """The rest of its line: the date, and what was wrong."""


def read_corpus(text: str, source: str) -> list[KeptSeed]:
    """Return the seeds of a corpus. Raises `CorpusError`; `source` is what it calls the text."""
    kept = []
    for number, line in enumerate(text.splitlines(), 1):
        said, _, reason = line.partition("#")
        if not said.strip():
            continue
        try:
            seed, hours = said.split()
            kept.append(KeptSeed(int(seed), float(hours), reason.strip()))
        except ValueError:
            message = f"{source}:{number}: expected SEED HOURS  # when, and why, got {line.strip()!r}"
            raise CorpusError(message) from None
    return kept
